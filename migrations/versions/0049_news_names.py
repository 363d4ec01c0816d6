"""News of a handover that names the person goes: it lay in clear, outside the person's file.

Since then it names the handover. What is told anew is not made up for: the case's page says the same.
"""

from alembic import op
from sqlalchemy import text

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

TITLES = (
    "%(organisation)s prepares to take over the case of %(name)s",
    "%(organisation)s declines to take over the case of %(name)s",
    "%(organisation)s now leads the case of %(name)s",
    "%(organisation)s has met %(name)s before the release",
)


def upgrade() -> None:
    op.get_bind().execute(text("DELETE FROM notifications WHERE title = ANY (:titles)"), {"titles": list(TITLES)})


def downgrade() -> None:
    """What is gone stays gone."""
