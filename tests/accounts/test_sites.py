"""Sites, by URL: the administrator changes them, one at a time, and nobody else."""

import re
import uuid
from typing import Any

from sqlalchemy import select

from caseflow.audit.models import Entry
from caseflow.core.db import db
from caseflow.tenancy.models import Site, SiteKind
from tests.cast import Cast


def the_site(cast: Cast) -> Site:
    """The prison of the cast, free of the database."""
    with cast.acting("admin") as user:
        found = db.session.scalars(select(Site).where(Site.org_id == user.org_id)).first()
        assert found is not None
        db.session.expunge_all()
        return found


def said(site: Site, **fields: Any) -> dict[str, Any]:
    """What the form sends."""
    return {
        "name": "Colony 5",
        "kind": "prison",
        "city": "Almaty",
        "capacity": "800",
        "version": site.version,
        **fields,
    }


def test_administrator_changes_a_site(cast: Cast) -> None:
    site, admin = the_site(cast), cast.be("admin")
    path = f"/sites/{site.id}"
    assert f'href="{path}"' in admin.get("/")
    page = admin.get(path)
    assert site.name in page
    assert re.findall(r'<a href="([^"]+)" aria-current="page">', page) == ["/"]
    admin.post(path, said(site, kind="office", capacity="٨٠٠"))
    changed = the_site(cast)
    assert (changed.name, changed.kind, changed.city, changed.capacity) == ("Colony 5", SiteKind.OFFICE, "Almaty", 800)
    assert "Colony 5" in admin.get("/")
    with cast.acting("auditor"):
        assert db.session.scalars(select(Entry.act).where(Entry.act == "site.change")).all() == ["site.change"]


def test_wrong_input_names_its_field_and_keeps_what_was_typed(cast: Cast) -> None:
    site, admin = the_site(cast), cast.be("admin")
    for field, value in (("name", ""), ("kind", "castle"), ("capacity", "many"), ("capacity", "-3"), ("capacity", "0")):
        page = admin.post(f"/sites/{site.id}", said(site, city="Kept town", **{field: value}), expect=422)
        assert f'href="#{field}' in page, (field, value)
        assert "Kept town" in page
    assert the_site(cast).name == site.name


def test_second_writer_sees_what_the_first_wrote_and_decides(cast: Cast) -> None:
    site, admin = the_site(cast), cast.be("admin")
    admin.post(f"/sites/{site.id}", said(site, name="First"))
    page = admin.post(f"/sites/{site.id}", said(site, name="Second"), expect=409)
    assert "First" in page
    assert "Second" in page
    assert the_site(cast).name == "First"
    version = re.search(r'name="version"[^>]*value="(\d+)"', page)
    assert version is not None
    admin.post(f"/sites/{site.id}", said(site, name="Second", version=version[1]))
    assert the_site(cast).name == "Second"


def test_administrator_adds_a_site_to_which_users_are_given(cast: Cast) -> None:
    admin = cast.be("admin")
    assert 'href="/sites/new"' in admin.get("/")
    given = {"name": "Colony 9", "kind": "prison", "code": "٩", "city": "Taraz", "capacity": "300"}
    for field, value in (
        ("name", ""),
        ("kind", "castle"),
        ("capacity", "0"),
        ("name", the_site(cast).name),
        ("code", "1"),
    ):
        page = admin.post("/sites/new", {**given, field: value}, expect=422)
        assert f'href="#{field}' in page, (field, value)
        assert "Taraz" in page
    admin.post("/sites/new", given)
    assert "Colony 9" in admin.get("/")
    with cast.acting("admin") as user:
        made = db.session.scalars(select(Site).where(Site.org_id == user.org_id, Site.name == "Colony 9")).one()
        assert (made.code, made.kind, made.city, made.capacity) == ("9", SiteKind.PRISON, "Taraz", 300)
        site_id = made.id
    assert "Colony 9" in admin.get("/users/new")
    with cast.acting("auditor"):
        assert db.session.scalars(select(Entry.subject_id).where(Entry.act == "site.add")).all() == [site_id]
    assert "Colony 9" not in cast.be("stranger_admin").get("/")
    for name in ("leader", "aigerim"):
        cast.be(name).get("/sites/new", expect=403)
        cast.be(name).post("/sites/new", {**given, "name": "Colony 10", "code": ""}, expect=403)
    admin.post("/sites/new", {"name": "Head office", "kind": "office"})


def test_nobody_else_changes_a_site(cast: Cast) -> None:
    site = the_site(cast)
    for name, expect in (("leader", 403), ("aigerim", 403), ("stranger_admin", 404), ("kamqor_admin", 404)):
        cast.be(name).get(f"/sites/{site.id}", expect=expect)
        cast.be(name).post(f"/sites/{site.id}", said(site), expect=expect)
    cast.be("admin").get(f"/sites/{uuid.uuid4()}", expect=404)
    assert the_site(cast).version == site.version
