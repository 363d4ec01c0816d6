"""The pages of auditors: who did and saw what, who saw a person, unusual reading, and heads of other organisations.

And one page for the person themself: who has seen and changed my file.
"""

import uuid
from datetime import date, time, timedelta
from typing import Any

from flask import Blueprint, Response, abort, request, url_for
from flask_babel import force_locale
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from caseflow.accounts import queries as accounts
from caseflow.accounts.permissions import Permission
from caseflow.audit.models import Unusual
from caseflow.core import sight
from caseflow.core.formats import date_text
from caseflow.core.i18n import locale_code
from caseflow.core.languages import locale_for, offered
from caseflow.core.web import done, page, page_number, requires
from caseflow.oversight import actions, files, queries
from caseflow.oversight.forms import AuditFilter, PersonFilter, ReviewForm, UnusualFilter, kind_of
from caseflow.oversight.queries import told, unusual
from caseflow.oversight.words import FAULTS, deed, details, noun
from caseflow.people import queries as people

bp = Blueprint("audit", __name__, template_folder="templates")


@bp.get("/audit")
@requires(Permission.READ_AUDIT)
def index() -> tuple[str, int]:
    """The organisation's entries, newest first; `act`, `user`, `since` and `until` narrow them."""
    form, asked, who = _asked()
    chips = [
        {"label": label, "remove_url": url_for(".index", **{**_given(form), name: None})}
        for name, label in _labels(form, who).items()
    ]
    return page(
        "oversight/index.html",
        **_listed(asked),
        filters=form,
        chips=chips,
        chain=queries.chain(current_user),
        faults=FAULTS,
        file_url=url_for(".export", **_given(form)),
    )


@bp.get("/audit/entries.csv")
@requires(Permission.READ_AUDIT)
def export() -> Response:
    """The same entries as a file."""
    _form, asked, _who = _asked()
    return _file(files.entries(queries.everything(current_user, asked)), "audit.csv")


def _listed(asked: queries.Asked) -> dict[str, Any]:
    """What the table of entries takes."""
    entries = queries.newest(current_user, asked, page=page_number())
    return {"entries": entries, "deed": deed, "details": details}


def _asked() -> tuple[AuditFilter, queries.Asked, str | None]:
    users = accounts.everybody(current_user)
    form = AuditFilter(formdata=request.args)
    form.offer(users)
    form.validate()
    by = next((user for user in users if str(user.id) == form.user.data), None)
    if by is None:
        form.user.data = ""
    asked = queries.Asked(form.act.data or None, by.id if by else None, form.since.data, form.until.data)
    return form, asked, by.name if by else None


def _given(form: AuditFilter) -> dict[str, Any]:
    return {
        "act": form.act.data or None,
        "user": form.user.data or None,
        "since": form.since.data.isoformat() if form.since.data else None,
        "until": form.until.data.isoformat() if form.until.data else None,
    }


def _labels(form: AuditFilter, who: str | None) -> dict[str, str]:
    given = _given(form)
    labels = {
        "act": noun(given["act"]) if given["act"] else None,
        "user": who,
        "since": _("From %(day)s", day=date_text(form.since.data)) if form.since.data else None,
        "until": _("To %(day)s", day=date_text(form.until.data)) if form.until.data else None,
    }
    return {name: label for name, label in labels.items() if label}


@bp.get("/audit/person")
@requires(Permission.READ_AUDIT)
def person() -> tuple[str, int]:
    """Who saw and changed the file of a person, whom the auditor knows by a number only."""
    form = PersonFilter(formdata=request.args)
    found = queries.named(form.number.data, current_user) if form.number.data else None
    listed: dict[str, Any] = {}
    if found is not None:
        sight.see("person", found.person_id)
        listed = _listed(queries.Asked(files=found.files))
    return page("oversight/person.html", filters=form, found=found, asked=bool(form.number.data), **listed)


@bp.get("/audit/person/<uuid:id>/entries.csv")
@requires(Permission.READ_AUDIT)
def export_person(id: uuid.UUID) -> Response:
    """The entries about a person as a file."""
    found = queries.named(str(id), current_user)
    if found is None:
        abort(404)
    sight.see("person", found.person_id)
    asked = queries.Asked(files=found.files)
    return _file(files.entries(queries.everything(current_user, asked)), f"audit-{id}.csv")


@bp.get("/audit/unusual")
@requires(Permission.READ_AUDIT)
def unusual_reading() -> tuple[str, int]:
    """What users read that somebody should look at: `kind` of it, and the days."""
    return _unusual(kind_of(request.args.get("kind")))


def _unusual(kind: Unusual, refused: ReviewForm | None = None) -> tuple[str, int]:
    form = UnusualFilter(formdata=request.args)
    form.validate()
    until: date = form.until.data or current_user.organisation.today()
    since: date = form.since.data or until - timedelta(days=unusual.DAYS - 1)
    found = unusual.findings(current_user, kind, since=since, until=until)
    return page(
        "oversight/unusual.html",
        kinds=list(Unusual),
        kind=kind,
        thresholds=unusual.THRESHOLDS,
        since=since,
        until=until,
        filters=UnusualFilter(formdata=None, since=since, until=until),
        findings=found,
        numbers=queries.numbers(current_user, (file for one in found for file in one.files)),
        hours=(time(unusual.MORNING), time(unusual.EVENING)),
        conflicts=people.conflicts(current_user) if kind is Unusual.RELATIVE else [],
        review_of=lambda one: _review_form(one, refused),
        form=refused,
    )


def _review_form(finding: unusual.Finding, refused: ReviewForm | None) -> ReviewForm:
    given = {"kind": finding.kind.value, "user": str(finding.user_id), "day": finding.day.isoformat()}
    if refused is not None and given == {name: refused[name].data for name in given}:
        return refused
    return ReviewForm(formdata=None, data=given)


@bp.post("/audit/unusual")
@requires(Permission.READ_AUDIT)
def review() -> tuple[str, int] | BaseResponse:
    """Say what was found about a user's reading of a day."""
    form = ReviewForm()
    kind = kind_of(form.kind.data)
    try:
        user_id, day = uuid.UUID(form.user.data or ""), date.fromisoformat(form.day.data or "")
    except ValueError:
        abort(400)
    colleague = accounts.colleague(user_id, current_user)
    if form.accepts(lambda: actions.review(kind, colleague.id, day, form.note.data or "", by=current_user)):
        return done(_("The review is saved."), ".unusual_reading", kind=kind.value)
    return _unusual(kind, form)


@bp.get("/audit/heads")
@requires(Permission.READ_AUDIT)
def heads() -> tuple[str, int]:
    """The heads of other organisations' chains, told to this one as an oversight body."""
    return page("oversight/heads.html", heads=queries.heads(current_user, page=page_number()))


@bp.get("/audit/heads.txt")
@requires(Permission.READ_AUDIT)
def export_heads() -> Response:
    """The same as a file that `caseflow audit verify --heads` reads."""
    lines = "".join(line + "\n" for line in queries.head_lines(current_user))
    return _file(lines.encode(), "audit-heads.txt", "text/plain")


@bp.get("/cases/<uuid:id>/who-has-seen")
@requires(Permission.WORK_ON_CASES)
def who_has_seen(id: uuid.UUID) -> tuple[str, int]:
    """For the person, to be printed: who has seen and changed my file, in their language (`lang`)."""
    case = people.opened(id, current_user)
    named = queries.files_of(case.person)
    sight.read_as("print")
    codes = [language.code for language in offered()]
    wished = [request.args.get("lang"), *case.person.languages, locale_code()]
    lang = next(code for code in wished if code in codes)
    with force_locale(locale_for(lang, current_user.organisation.country)):
        lines = told.lines(queries.cases_of(case.person), named, current_user)
        return page("oversight/who_has_seen.html", case=case, lines=lines, lang=lang)


def _file(content: bytes, name: str, kind: str = "text/csv") -> Response:
    sight.read_as("download")
    response = Response(content, mimetype=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
