"""The sites of an organisation, which its administrator keeps."""

from flask_babel import gettext as _
from sqlalchemy import select

from caseflow.accounts.models import User
from caseflow.audit.actions import record
from caseflow.core.db import db
from caseflow.core.errors import Refused
from caseflow.core.forms import check_version
from caseflow.tenancy import actions as tenancy
from caseflow.tenancy.models import Site, SiteKind

LARGEST_SITE = 100_000  # places


def add_site(*, name: str, kind: SiteKind, code: str | None, city: str | None, capacity: int | None, by: User) -> Site:
    """A further prison or office; a register that names its code, which is made up where none is given, means it."""
    _check_capacity(capacity)
    if db.session.scalar(select(Site.id).where(Site.org_id == by.org_id, Site.name == name)) is not None:
        raise Refused(_("Another site has this name."), field="name")
    site = tenancy.add_site(name=name, kind=kind, code=code, city=city, capacity=capacity, by=by)
    record("site.add", by=by, on=site, name=name, kind=kind.value, capacity=capacity)
    return site


def change_site(
    site: Site, *, name: str, kind: SiteKind, city: str | None, capacity: int | None, version: int | None, by: User
) -> None:
    """Change what is said of a site; raises Conflict when somebody else changed it meanwhile."""
    check_version(site, version, name=site.name, kind=site.kind.label, city=site.city, capacity=site.capacity)
    _check_capacity(capacity)
    site.name, site.kind, site.city, site.capacity = name, kind, city, capacity
    db.session.flush()
    record("site.change", by=by, on=site, name=name, kind=kind.value, capacity=capacity)


def _check_capacity(capacity: int | None) -> None:
    if capacity is not None and not 0 < capacity <= LARGEST_SITE:
        raise Refused(_("Enter a number of places from 1 to %(number)s.", number=LARGEST_SITE), field="capacity")
