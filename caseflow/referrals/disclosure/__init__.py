"""What is told of a person: gathered by the sender at the moment of sending, and laid out for whoever reads it.

A content is plain JSON of codes, texts and ISO dates, so that each reader sees it in their own language. The preview
and the receiver's page draw the same sections.
"""

from caseflow.referrals.disclosure.gathering import Content, always, chosen, content, contents, default
from caseflow.referrals.disclosure.reading import Section, sections

__all__ = [
    "Content",
    "Section",
    "always",
    "chosen",
    "content",
    "contents",
    "default",
    "sections",
]
