"""A small app with the front end and nothing else: no database, no users."""

from datetime import date
from typing import Any

from flask import Flask, request
from flask_wtf import CSRFProtect, FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, FileField, RadioField, SelectField, SelectMultipleField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from caseflow.core import assets, fields, i18n
from caseflow.core.fields import (
    CodeField,
    DatePartsField,
    DateTimePartsField,
    LineField,
    NotInFuture,
    NotInPast,
    NumberField,
    WordsField,
)
from caseflow.core.form_words import FORM_WORDS
from caseflow.core.web import HEADERS


class Everything(FlaskForm):
    """One field of each kind."""

    class Meta:
        csrf = False
        locales = False

        def get_translations(self, form: Any) -> Any:
            return FORM_WORDS

    name = LineField("Name", [InputRequired(), Length(max=20)])
    number = CodeField("Number", [Optional()])
    born = DatePartsField("Born", [InputRequired(), NotInFuture()])
    due = DatePartsField("Due", [Optional(), NotInPast()])
    starts = DateTimePartsField("Starts", [Optional()])
    kind = SelectField("Kind", [InputRequired()], choices=lambda: [("", "–"), ("a", "A"), ("b", "B")])
    sex = RadioField("Sex", [InputRequired()], choices=lambda: [("f", "F"), ("m", "M")])
    shared = SelectMultipleField("Shared", [Optional()], choices=lambda: [("x", "X"), ("y", "Y")])
    children = NumberField("Children", [Optional(), NumberRange(0, 20)])
    note = WordsField("Note", [Optional(), Length(max=30)])
    agreed = BooleanField("Agreed")
    paper = FileField("Paper")


GOOD = {
    "name": "Aigul",
    "born-day": "5",
    "born-month": "3",
    "born-year": "1990",
    "kind": "a",
    "sex": "f",
}


def form(**typed: str) -> Everything:
    """The form as it comes when the good answers are sent with these changes."""
    return Everything(formdata=MultiDict({**GOOD, **typed}))


PAGE = """
{% extends "base.html" %}{% import "ui.html" as ui %}
{% block title %}T{% endblock %}
{% block identity %}
{{ ui.identity_bar(person) }}
{{ ui.subnav([{"url": "/", "label": "O", "current": true, "count": 3}]) }}
{% endblock %}
{% block content %}
{% call ui.page_header("T", lead="L", caption="C", back_url="/") %}
{{ ui.button("/", "B") }}{{ ui.post_button("/", "P", hint="H") }}
{% endcall %}
{% call ui.form(multipart=True) %}
{{ ui.error_summary(form) }}
{% for field in form %}{{ ui.field(field, hint="H") }}{% endfor %}
{{ ui.form_actions("S", cancel_url="/") }}
{% endcall %}
{{ ui.banner("good", "B") }}
{% call ui.card("C", id="c", url="/") %}
{{ ui.summary_list([{"label": "L", "value": none, "change_url": "/"}]) }}
{% endcall %}
{{ ui.task_list([{"title": "T", "url": "/", "status": "S", "hint": "H"}]) }}
{{ ui.timeline([{"when": day, "title": "T", "who": "W", "text": "X", "tags": [("t", "good")]}]) }}
{% call ui.filters("/", [{"label": "L", "remove_url": "/"}], "/") %}{% endcall %}
{% call ui.table("C") %}
<thead><tr>{{ ui.th_sort("N", "name", sort) }}</tr></thead>
<tbody><tr><th scope="row">{{ ui.due(day) }}</th></tr></tbody>
{% endcall %}
{{ ui.pagination({"number": 2, "pages": 3, "total": 60, "has_prev": true, "has_next": true}) }}
<div class="cf-figures">{{ ui.figure(1284, "cases", "/") }}{{ ui.figure(1, "case") }}</div>
{{ ui.empty("E", "T", "/", "A") }}{% call ui.disclose("S") %}D{% endcall %}
{% endblock %}
"""


def make_app(**told: str | None) -> Flask:
    """The app; `told` says what the organisation tells of itself: locale, country, timezone."""
    app = Flask("front", static_folder=None, template_folder=str(assets.STATIC.parent / "templates"))
    app.secret_key = "s" * 32
    app.testing = True  # an error in a template fails the test itself
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    CSRFProtect(app)
    fields.register(app)
    assets.init_app(app)
    i18n.init_app(
        app,
        choose=lambda: told.get("locale"),
        country=lambda: told.get("country"),
        timezone=lambda: told.get("timezone"),
    )
    app.jinja_env.globals["url_for_page"] = lambda number, name="page": f"?{name}={number}"

    @app.route("/", methods=["GET", "POST"])
    def page() -> str:
        person = {
            "name": "Ҷамшед",
            "other_name": "Jamshed",
            "number": "7",
            "age": 34,
            "site": "S",
            "phase": "P",
            "dates": [("Release", date(2030, 1, 2))],
            "worker": "W",
            "alerts": [{"text": "A", "tone": "bad"}],
        }
        sort = {"key": "name", "descending": False, "url": lambda key: f"?sort={key}"}
        shown = Everything()
        if request.method == "POST":
            shown.validate()
        return app.jinja_env.from_string(PAGE).render(
            form=shown,
            person=person,
            sort=sort,
            day=date(2030, 1, 2),
            account={"name": "A", "organisation": "O", "role": "R", "links": [("/", "L")]},
            navigation=[{"url": "/", "label": "H", "current": True, "count": lambda: 12}],
            unread=lambda: 3,
        )

    @app.after_request
    def harden(response: Any) -> Any:
        response.headers.update(HEADERS)
        return response

    return app
