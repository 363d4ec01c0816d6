"""Narrowing the caseload and searching: forms that are read from the address, so that a list can be kept as a link."""

import uuid
from collections.abc import Iterable

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import SelectField

from caseflow.casefile.queries import SORTS, DueFilter, Narrowing
from caseflow.core.forms import Form
from caseflow.core.web import here
from caseflow.people.models import Phase
from caseflow.tenancy.models import Site

NOBODY = "nobody"  # as a worker: cases without a responsible one


class Sort:
    """How a list is sorted, and the address that sorts it otherwise; a second click on a column turns it round."""

    def __init__(self, arguments: MultiDict[str, str]) -> None:
        """Read `sort` (`name`, or `-name` for descending); by release date where nothing else is asked for."""
        asked = arguments.get("sort", "")
        key = asked.removeprefix("-")
        self.key = key if key in SORTS else "release"
        self.descending = asked.startswith("-") and key in SORTS

    def url(self, key: str) -> str:
        """The present address, sorted by this key, from its first page."""
        turned = key == self.key and not self.descending
        return _address(sort=f"-{key}" if turned else key)


class CaseloadFilter(Form):
    """Phase, site, what is due, and for leaders the worker; what is not offered is not asked for."""

    class Meta(Form.Meta):
        """Nothing is changed by it: no token."""

        csrf = False

    phase = SelectField(_l("Phase"), validate_choice=False)
    site = SelectField(_l("Site"), validate_choice=False)
    due = SelectField(_l("Due"), validate_choice=False)
    worker = SelectField(_l("Worker"), validate_choice=False)

    def __init__(self, *, sites: Iterable[Site], workers: Iterable[tuple[uuid.UUID, str]] = ()) -> None:
        """Read the address and offer the choices; `workers` are ids and names."""
        super().__init__(formdata=request.args)
        self.phase.choices = [("", _("All open cases")), *Phase.choices()]
        self.site.choices = [("", _("All sites")), *((str(site.id), site.name) for site in sites)]
        self.due.choices = [
            ("", _("Anything")),
            (DueFilter.OVERDUE, _("Overdue")),
            (DueFilter.WEEK, _("In the next 7 days")),
        ]
        people = [(str(worker), name) for worker, name in workers]
        self.worker.choices = [("", _("Everybody")), (NOBODY, _("No responsible worker")), *people] if people else []

    def narrowing(self, *, mine: bool = False) -> Narrowing:
        """What is asked for, as the query takes it."""
        phase, site, due, worker = (self._chosen(name) for name in ("phase", "site", "due", "worker"))
        return Narrowing(
            phase=Phase(phase) if phase else None,
            site=uuid.UUID(site) if site else None,
            due=DueFilter(due) if due else None,
            worker=uuid.UUID(worker) if worker and worker != NOBODY else None,
            unallocated=worker == NOBODY,
            mine=mine,
        )

    def chips(self) -> list[dict[str, str]]:
        """The filters in use, each with the address without it."""
        found = []
        for name in ("phase", "site", "due", "worker"):
            chosen = self._chosen(name)
            if chosen:
                label = dict(self._fields[name].choices)[chosen]
                found.append({"label": str(label), "remove_url": _address(**{name: None})})
        return found

    def _chosen(self, name: str) -> str | None:
        """The value that was chosen, if it is one that is offered."""
        field = self._fields[name]
        return field.data if field.data and field.data in dict(field.choices) else None


def _address(**changed: str | None) -> str:
    """The present address with some of its arguments changed, from the first page."""
    return here(**changed, page=None)
