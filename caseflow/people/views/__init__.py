"""Pages of persons and cases."""

from flask import Flask

from caseflow.people.views import access, cases, conflicts, imports, leaving, notes, persons
from caseflow.people.views.blueprint import bp
from caseflow.people.views.frame import (
    borrowed,
    case_acts,
    case_identity,
    case_tabs,
    may_change,
    reads_alone,
    refer_url,
)

__all__ = ["access", "bp", "cases", "conflicts", "imports", "init_app", "leaving", "notes", "persons"]


def init_app(app: Flask) -> None:
    """Register the pages, and give every page of a case its frame."""
    app.register_blueprint(bp)
    app.jinja_env.globals.update(
        borrowed=borrowed,
        case_acts=case_acts,
        case_identity=case_identity,
        case_tabs=case_tabs,
        may_change=may_change,
        reads_alone=reads_alone,
        refer_url=refer_url,
    )
