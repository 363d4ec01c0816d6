"""Forms as a browser finds them on a page, and what a page holds when it is read as a browser reads it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import html5lib

from caseflow.core.db import today


@dataclass
class Field:
    """One name of a form: its kind (an input's type, `select` or `textarea`), what it holds, and what it offers."""

    name: str
    kind: str
    value: str = ""
    offered: list[str] = field(default_factory=list)
    many: bool = False


@dataclass
class Sheet:
    """A form: where it goes and its fields by name."""

    action: str
    method: str
    fields: dict[str, Field]

    def filled(self) -> dict[str, Any]:
        """What a hurried but honest user would send: what stands there, else something that fits."""
        return {one.name: _fitting(one) for one in self.fields.values() if one.name != "csrf_token"}

    def typed(self) -> list[str]:
        """The names into which anything can be typed."""
        return [one.name for one in self.fields.values() if one.kind in TYPED and not _part(one.name)]


TYPED = {"text", "textarea", "email", "search", "tel", "number", "password", "url"}
PARTS = ("day", "month", "year", "hour", "minute")


def _part(name: str) -> str | None:
    found = name.rpartition("-")[2]
    return found if found in PARTS else None


def _fitting(one: Field) -> Any:
    if one.kind in {"radio", "select", "checkbox"}:
        chosen = one.value if one.value in one.offered else next((value for value in one.offered if value), "")
        return [chosen] if one.many else chosen
    if one.value or one.kind in {"hidden", "file"}:
        return one.value
    part = _part(one.name)
    if part:
        day = today() + timedelta(days=20)
        return {"hour": "10", "minute": "30"}.get(part) or str(getattr(day, part))
    return {"email": "somebody@example.org", "number": "3", "password": "a long enough password"}.get(one.kind, "Words")


def parsed(text: str) -> Any:
    """The page as a tree."""
    return html5lib.parse(text, namespaceHTMLElements=False)


def sends(page: Any, address: str) -> Iterator[tuple[str, str]]:
    """Method and address of what the forms of a page would ask for; not of those that are shown to be read alone."""
    for form in page.iter("form"):
        if form.find("fieldset[@disabled]") is None:
            yield (form.get("method") or "get").upper(), form.get("action") or address


def sheets(text: str, address: str) -> Iterator[Sheet]:
    """The forms of a page at this address."""
    for form in parsed(text).iter("form"):
        fields: dict[str, Field] = {}
        for element in form.iter():
            name = element.get("name")
            if name and element.tag in {"input", "select", "textarea", "button"}:
                _take(fields, name, element)
        action = urlsplit(form.get("action") or address)
        target = (action.path or urlsplit(address).path) + (f"?{action.query}" if action.query else "")
        yield Sheet(target, (form.get("method") or "get").upper(), fields)


def _take(fields: dict[str, Field], name: str, element: Any) -> None:
    if element.tag == "select":
        options = [option.get("value", "".join(option.itertext())) for option in element.iter("option")]
        chosen = next((o.get("value", "") for o in element.iter("option") if "selected" in o.attrib), "")
        fields[name] = Field(name, "select", chosen, options, "multiple" in element.attrib)
    elif element.tag == "textarea":
        fields[name] = Field(name, "textarea", "".join(element.itertext()))
    elif element.tag == "button" or element.get("type") == "submit":
        fields.setdefault(name, Field(name, "hidden", element.get("value", "")))
    elif element.get("type") in {"radio", "checkbox"}:
        held = fields.setdefault(name, Field(name, element.get("type")))
        held.many = held.kind == "checkbox" and bool(held.offered)
        held.offered.append(element.get("value", "on"))
        if "checked" in element.attrib:
            held.value = element.get("value", "on")
    else:
        fields[name] = Field(name, element.get("type", "text"), element.get("value", ""))


def planted(text: str, word: str) -> list[str]:
    """Where a word stands as an element's or attribute's name, in a script, or in an attribute that acts."""
    found = []
    for element in parsed(text).iter():
        if not isinstance(element.tag, str):
            continue  # a comment
        if word in element.tag:
            found.append(f"<{element.tag}>")
        if element.tag in {"script", "style"} and word in "".join(element.itertext()):
            found.append(f"in <{element.tag}>")
        for name, value in element.attrib.items():
            acts = name in {"href", "src", "action", "formaction", "style"} or name.startswith(("on", "hx-on"))
            scheme = value.strip().lower().partition(":")[0]
            if word in name or (acts and word in value and (name.startswith("on") or scheme in {"javascript", "data"})):
                found.append(f'<{element.tag} {name}="{value[:60]}">')
    return found
