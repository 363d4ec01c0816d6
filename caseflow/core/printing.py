"""Documents to print: a template and data in, a tagged PDF out (PDF/UA-1), with our own fonts alone.

It takes some 60 MB while it works: jobs call it, the web process does not.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import typst

from caseflow.core.assets import STATIC

FONTS = STATIC / "vendor" / "print"


class PrintingError(RuntimeError):
    """A document could not be made; the reason quotes nothing of its data."""


def pdf(template: Path, data: Mapping[str, Any], *, at: datetime) -> bytes:
    """The document: the template reads `data` from `sys.inputs.data` as JSON, so that no text in it is markup.

    `at` is the moment written into it. The template sees its own folder alone. Raises PrintingError.
    """
    try:
        return typst.compile(
            template,
            root=template.parent,
            font_paths=[FONTS],
            ignore_system_fonts=True,
            sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
            format="pdf",
            pdf_standards=["ua-1"],
            timestamp=at.replace(microsecond=0),
        )
    except typst.TypstError as error:
        raise PrintingError(f"{template.name}: {error.message}") from None
