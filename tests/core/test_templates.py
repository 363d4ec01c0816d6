"""Every template and style sheet of the house: marked texts, nothing inline, both directions, sound HTML."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import html5lib
import pytest
from flask import Flask
from jinja2 import Environment, meta, nodes

from tests.core.front import GOOD, make_app

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted((ROOT / "caseflow").glob("**/templates/**/*.html"))
SHEETS = sorted((ROOT / "caseflow" / "core" / "static" / "css").glob("*.css"))
SPOKEN = {
    "placeholder",
    "title",
    "alt",
    "aria-label",
    "aria-description",
    "data-label",
    "data-left",
    "data-over",
    "label",
}
PROPER_NAMES = {"caseflow"}
GETTEXT = {"_", "gettext", "ngettext", "pgettext", "npgettext"}
PARSER = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)

each_template = pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))


class Texts(HTMLParser):
    """Collects what a reader would read or hear of a piece of HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.in_code = False  # what stands in <code> is for machines

    def handle_data(self, data: str) -> None:
        if not self.in_code:
            self.found.append(data)

    def handle_endtag(self, tag: str) -> None:
        self.in_code = self.in_code and tag != "code"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.in_code = self.in_code or tag == "code"
        self.found += [value for name, value in attrs if name in SPOKEN and value]
        if tag == "input" and ("type", "submit") in attrs:
            self.found += [value for name, value in attrs if name == "value" and value]


def unmarked(source: str) -> list[str]:
    """Texts in a template that gettext does not see: between the tags, in attributes, or handed on as a string."""
    tree = PARSER.parse(source)
    written = Texts()
    written.feed("".join(data.data for data in tree.find_all(nodes.TemplateData)))
    written.close()
    words = [text.strip() for text in written.found if re.search(r"[^\W\d_]{2,}", re.sub(r"&\w+;", "", text))]
    return [text for text in words if not set(re.findall(r"[^\W\d_]+", text)) <= PROPER_NAMES] + [
        text for text in _strings(tree) if re.match(r"[^\W\d_a-z][^\W\d_]*[ a-z]", text)
    ]


def _strings(node: nodes.Node) -> Iterator[str]:
    """Strings of expressions, those handed to gettext left out."""
    if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name in GETTEXT:
        for keyword in node.kwargs:
            yield from _strings(keyword)
        return
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        yield node.value
    for child in node.iter_child_nodes():
        yield from _strings(child)


@each_template
def test_every_text_is_marked(path: Path) -> None:
    assert unmarked(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "<p>Hello</p>",
        '<input placeholder="Your name">',
        '<td data-label="Site">{{ x }}</td>',
        '{{ ui.button(url, "Save it") }}',
        '{% if x %}{{ "Yes" if x else _("No") }}{% endif %}',
        "{% macro m() %}Text{% endmacro %}",
    ],
)
def test_unmarked_text_is_seen(source: str) -> None:
    assert len(unmarked(source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        "<p>{{ _('Hello') }}</p>",
        "{% trans name=x %}Hello {{ name }}{% endtrans %}",
        '<p class="btn btn-primary" id="Main">–</p>',
        '{{ ui.tag(status.label, "good") }}',
        "<code>cases {{ x }}</code>",
        "<p>{{ ngettext('%(num)d Case', '%(num)d Cases', n) }} · &nbsp;</p>",
    ],
)
def test_marked_text_passes(source: str) -> None:
    assert unmarked(source) == []


FORBIDDEN = {
    "a style attribute": r"\sstyle\s*=",
    "an inline style sheet": r"<style",
    "an inline script": r"<script(?![^>]*\ssrc=)",
    "an event attribute": r"\son(click|change|submit|load|input|key\w+|mouse\w+|focus\w*|blur|error|toggle)\s*=",
    "a javascript: address": r"javascript:",
    "htmx code": r"hx-on|hx-vars|[\"']js:",
    "another host": r"(src|href|action)=[\"'](https?:)?//",
}


@each_template
def test_nothing_breaks_the_content_policy(path: Path) -> None:
    source = path.read_text("utf-8")
    assert [what for what, pattern in FORBIDDEN.items() if re.search(pattern, source, re.IGNORECASE)] == []


@pytest.mark.parametrize(
    "source",
    [
        '<p style="x">',
        "<style>",
        "<script>",
        '<a onclick="x">',
        '<a href="javascript:x">',
        '<a hx-on:click="x">',
        '<img src="//x">',
    ],
)
def test_what_breaks_the_content_policy_is_seen(source: str) -> None:
    assert sum(bool(re.search(pattern, source, re.IGNORECASE)) for pattern in FORBIDDEN.values()) == 1


PHYSICAL = re.compile(
    r"[\w-]*-(?:left|right)\b(?=[\w-]*\s*:)|(?<![\w-])(?:left|right)\s*:|(?:float|text-align|clear)\s*:\s*(?:left|right)|translateX"
)


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.name)
def test_sheets_know_no_left_and_right(path: Path) -> None:
    assert PHYSICAL.findall(path.read_text("utf-8")) == []


def test_left_and_right_are_seen() -> None:
    css = "a{margin-left:1px;left:0;float:right;text-align: left;border-top-left-radius:1px} .cf-left{color:red}"
    assert len(PHYSICAL.findall(css)) == 5


def test_forms_of_templates_carry_the_csrf_token() -> None:
    for path in TEMPLATES:
        for form in re.findall(
            r"<form[^>]*method=\"post\".*?</form>", path.read_text("utf-8"), re.DOTALL | re.IGNORECASE
        ):
            assert "csrf()" in form or "csrf_token()" in form, path


def test_every_template_is_shown() -> None:
    """By a view, or by a template that is: what nobody draws holds doors that nobody finds."""
    names = {str(path).split("/templates/", 1)[1]: path for path in TEMPLATES}
    code = "".join(path.read_text("utf-8") for path in (ROOT / "caseflow").glob("**/*.py"))
    waiting = [name for name in names if f'"{name}"' in code]
    shown = set(waiting)
    while waiting:
        source = names[waiting.pop()].read_text("utf-8")
        led = {name for name in meta.find_referenced_templates(PARSER.parse(source)) if name}  # None: chosen in Python
        waiting += led - shown
        shown |= led
    assert sorted(names.keys() - shown) == []


# ---- The pieces, drawn


@pytest.fixture(scope="module")
def app() -> Flask:
    app = make_app()
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    return app


@pytest.mark.parametrize("typed", [None, {}, {**GOOD, "born-month": "13", "note": "x" * 40}])
def test_page_is_sound_html_and_every_reference_leads_somewhere(app: Flask, typed: dict[str, str] | None) -> None:
    client = app.test_client()
    page = (client.get("/") if typed is None else client.post("/", data=typed)).text
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    tree = parser.parse(page)
    assert parser.errors == []
    ids = [element.get("id") for element in tree.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    for element in tree.iter():
        for attribute in ("for", "aria-describedby", "aria-labelledby"):
            for reference in (element.get(attribute) or "").split():
                assert reference in ids, (attribute, reference)
        if element.tag == "a" and (element.get("href") or "").startswith("#"):
            assert element.get("href")[1:] in ids


def test_wrong_answers_are_listed_first_and_kept(app: Flask) -> None:
    page = app.test_client().post("/", data={**GOOD, "name": "", "born-month": "13", "number": "<7>"}).text
    assert page.index('id="error-summary"') < page.index('name="name"')
    assert '<a href="#born-month"' in page
    assert 'value="13"' in page
    assert 'value="&lt;7&gt;"' in page
    assert page.count("The month must be a number from 1 to 12.") == 2  # in the list, and at the field


def test_optional_fields_say_so_in_words_and_required_ones_do_not(app: Flask) -> None:
    page = app.test_client().get("/").text
    label = re.compile(r'<label class="cf-label" for="(\w+)">(.*?)</label>', re.DOTALL)
    marked = {name: "(optional)" in text for name, text in label.findall(page)}
    assert marked["number"]
    assert not marked["name"]


def test_signed_out_page_has_no_account_and_no_search(app: Flask) -> None:
    with app.test_request_context("/"):
        page = app.jinja_env.get_template("layout/signed_out.html").render()
        error = app.jinja_env.get_template("error.html").render(title="T", text="X", reference="abc123")
    assert "cf-menu" not in page
    assert "site-search" not in page
    assert 'name="locale" value="ar"' in page
    assert "<code>abc123</code>" in error
