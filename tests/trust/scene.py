"""The scene of the trust tests: an account for every role of every kind of organisation, and whole cases with marks.

A `World` is one case with all that hangs on it: its person, its notes, its referral, its handover. Each holds marks
(canaries) that tell whose it is and which field it stood in: `zq<world>q<field>q`. Whoever may not see a world must
never be sent one of its marks.
"""

import re
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import select

from caseflow.access.actions import sign_review
from caseflow.access.models import Decision
from caseflow.access.queries import to_review
from caseflow.accounts import actions as accounts
from caseflow.accounts.models import ApiToken, SignIn
from caseflow.accounts.permissions import Permission, Role, Scope, may, scope
from caseflow.audit.models import Entry
from caseflow.core.db import db, new_id, now, today, unit_of_work
from caseflow.notifications.models import Notification
from caseflow.people import actions as people
from caseflow.people import queries as cases
from caseflow.people.actions.imports import upload
from caseflow.people.models import AccessKind, Category, ExclusionGround, IdentifierKind, NoteKind
from caseflow.people.register.mapping import shipped
from caseflow.plans import actions as plans
from caseflow.referrals.actions import messages
from caseflow.referrals.queries import access as receiving
from caseflow.referrals.queries import shared
from caseflow.rights import actions as rights
from caseflow.rights.models import Erasure, Fact, HoldKind, RuleKind
from caseflow.supervision import actions as supervision
from caseflow.supervision.models import ConditionKind
from caseflow.tenancy import actions as tenancy
from caseflow.tenancy.models import OrganisationKind, Site, SiteKind
from tests.cast import PARTS, PASSWORD, Cast, settle_in
from tests.stories.access import excluded, referral_excluded, referral_restricted, restricted
from tests.stories.assessments import a_need
from tests.stories.directory import a_service
from tests.stories.people import a_case
from tests.stories.plans import a_goal, a_step
from tests.stories.received import a_planned_session, a_session, an_accepted
from tests.stories.referrals import a_consent, a_draft, a_referral
from tests.stories.release import a_handover, accepted
from tests.stories.supervision import a_contact, a_supervised_case

SAMPLE = Path(__file__).parents[1] / "data" / "iowa-sample.csv"
MARK = re.compile(r"zq([a-z0-9]+)q([a-z]+)q")
FAR = "2"  # the code of the second site of the prison service


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who asks; `site` is the code of their site, `role` None is nobody signed in."""

    name: str
    org: str
    role: Role | None
    site: str | None = None
    active: bool = True

    def may(self, permission: Permission) -> bool:
        """Whether the account's role has the permission, by the page of permissions."""
        return self.role is not None and self.active and may(self.role, permission)

    @property
    def scope(self) -> Scope:
        """How far the account sees, by the page of permissions."""
        held = scope(self.role) if self.role is not None else Scope.NONE
        return Scope.ORGANISATION if held is Scope.SITE and self.site is None else held


@dataclass
class World:
    """One case with all that hangs on it; `ids` by kind of thing, the rest says who takes part."""

    name: str
    org: str
    site: str | None
    workers: set[str]
    ids: dict[str, uuid.UUID] = field(default_factory=dict)
    receiver: str = ""  # organisation that the referral went to
    helpers: set[str] = field(default_factory=set)  # its workers on the referral
    received_by: set[str] = field(default_factory=set)  # to whom the receiver restricted it, where it did
    received_without: set[str] = field(default_factory=set)  # whom the receiver excluded
    incoming: str = ""  # organisation that the handover went to
    officer: str = ""  # who prepares it; '' while it is an invitation
    listed: set[str] = field(default_factory=set)  # to whom the file is restricted, where it is
    excluded: set[str] = field(default_factory=set)
    broke_in: str = ""  # who opened it in an emergency
    files_closed_to: set[str] = field(default_factory=set)  # a register names all: not for whom any case is closed to

    def closed_to(self, name: str) -> bool:
        """Whether the file is restricted to a list that does not name the account, or the account is excluded."""
        return name in self.excluded or (bool(self.listed) and name not in self.listed)

    def received_closed_to(self, name: str) -> bool:
        """Whether the receiver closed the referral to the account."""
        return name in self.received_without or (bool(self.received_by) and name not in self.received_by)

    def mark(self, what: str) -> str:
        """The mark of a field of this world."""
        return f"zq{self.name}q{what}q"


def accounts_of_the_cast() -> list[Account]:
    """Everybody of tests/cast.py, and the roles that it leaves out."""
    found = [
        Account(part.name, slug, part.role, "1" if part.site else None)
        for slug, (*_, parts) in PARTS.items()
        for part in parts
    ]
    return [
        *found,
        Account("site_leader", "almaty", Role.TEAM_LEADER, "1"),
        Account("far_leader", "almaty", Role.TEAM_LEADER, FAR),
        Account("far_worker", "almaty", Role.SOCIAL_WORKER, FAR),
        Account("kamqor_leader", "kamqor", Role.TEAM_LEADER),
        Account("kamqor_deputy", "kamqor", Role.TEAM_LEADER),
        Account("kamqor_auditor", "kamqor", Role.AUDITOR),
        Account("probation_auditor", "probation", Role.AUDITOR),
        Account("stranger_auditor", "stranger", Role.AUDITOR),
        Account("stranger_cso_worker", "stranger-cso", Role.WORKER),
        Account("oversight_admin", "oversight", Role.ADMINISTRATOR),
        Account("oversight_auditor", "oversight", Role.AUDITOR),
        Account("steward", "steward", Role.STEWARD),
        Account("leaver", "almaty", Role.SOCIAL_WORKER, "1", active=False),
        Account("nobody", "", None),
    ]


ACCOUNTS = {account.name: account for account in accounts_of_the_cast()}


@dataclass
class Scene:
    """The cast with all accounts, and the worlds by name."""

    app: Flask
    cast: Cast
    worlds: dict[str, World]
    environment: dict[str, str]
    superuser_url: str

    def turned(self, place: int) -> list[World]:
        """All worlds, from another one on for each `place`: what is asked of few of them comes by all in turn."""
        worlds = list(self.worlds.values())
        return worlds[place % len(worlds) :] + worlds[: place % len(worlds)]


def play(app: Flask, environment: dict[str, str], superuser_url: str) -> Scene:
    """Make the accounts and the worlds, by the product's own actions."""
    cast = Cast(app)
    _hire(cast)
    scene = Scene(app, cast, {}, environment, superuser_url)
    for make in WORLDS:
        world = make(cast)
        _furnish(cast, world)
        scene.worlds[world.name] = world
    for org in dict.fromkeys(world.org for world in scene.worlds.values()):
        _keep_house(cast, org, [world for world in scene.worlds.values() if world.org == org])
    _restrict(cast, scene.worlds["w7"])
    _exclude(cast, scene.worlds["w8"])
    _close_received(cast, scene.worlds["w2"], scene.worlds["w9"])
    for world in scene.worlds.values():
        closed = [one for one in scene.worlds.values() if one.org == world.org]
        names = {one.name for one in ACCOUNTS.values() if one.org == world.org}
        world.files_closed_to = {one for one in names if any(other.closed_to(one) for other in closed)}
    return scene


def _hire(cast: Cast) -> None:
    with cast.acting("steward") as steward:
        oversight = tenancy.found(
            slug="oversight",
            name="Ombudsman",
            kind=OrganisationKind.OVERSIGHT,
            country="KZ",
            locale="en",
            timezone="Asia/Almaty",
            rest_days=(6, 7),
            by=steward,
        )
        accounts.appoint_administrator(
            oversight, name="Oversight", email="oversight_admin@example.org", password=PASSWORD, by=steward
        )
    with cast.acting("oversight_admin") as admin:
        accounts.accept_terms(by=admin)
    with cast.acting("admin") as admin:
        tenancy.add_site(name="almaty 2", code=FAR, kind=SiteKind.PRISON, city="Almaty", by=admin)
    known = {part.name for *_, parts in PARTS.values() for part in parts} | {"steward", "nobody", "oversight_admin"}
    admins = {one.org: one.name for one in ACCOUNTS.values() if one.role is Role.ADMINISTRATOR}
    for account in ACCOUNTS.values():
        if account.name in known or account.role is None:
            continue
        with cast.acting(admins[account.org]) as admin:
            site = db.session.scalars(
                select(Site).where(Site.org_id == admin.org_id, Site.code == (account.site or ""))
            ).one_or_none()
            user, _ = accounts.add_user(
                name=f"{account.name} of {account.org}",
                email=f"{account.name}@example.org",
                role=account.role,
                site_id=site.id if site else None,
                password=PASSWORD,
                by=admin,
            )
            settle_in(user)


# The worlds: what is made differently for each


def _prison(cast: Cast, name: str, site: str, by: str, *, helpers: tuple[str, ...] | None, officer: str) -> World:
    world = World(name, "almaty", site, {by}, receiver="kamqor", incoming="probation", officer=officer)
    case = _a_case(cast, world, by)
    if helpers is None:
        world.ids["referral"] = a_referral(cast, by=by, case=case, **_told(cast, world))
    else:
        world.helpers = set(helpers)
        world.ids["referral"] = an_accepted(cast, workers=helpers, by=by, case=case, **_told(cast, world))
        a_session(cast, world.ids["referral"], by=helpers[0])
        world.ids["session"] = a_planned_session(cast, world.ids["referral"], by=helpers[0])
        with cast.acting(helpers[0]) as helper:
            referral = shared.received(world.ids["referral"], helper)
            messages.write_note(referral, world.mark("helpernote"), by=helper)
            messages.send_message(referral, world.mark("message"), by=helper)
            held = rights.hold_received(referral, HoldKind.COURT, world.mark("referralhold"), by=helper)
            world.ids["referral hold"] = held.id
    world.ids["handover"] = a_handover(cast, case, by=by, letter=world.mark("letter"))
    if officer:
        accepted(cast, world.ids["handover"], by=officer)
    return world


def _probation(cast: Cast, name: str, by: str) -> World:
    world = World(name, "probation", "1", {by}, receiver="kamqor", helpers={"second"})
    case = a_supervised_case(cast, by, **_person(world))
    world.ids["case"] = case
    world.ids["contact"] = a_contact(cast, case, by)
    with cast.acting(by) as user:
        world.ids["condition"] = supervision.add_condition(
            cases.opened(case, user),
            kind=ConditionKind.RESIDENCE,
            text=world.mark("condition"),
            starts_on=user.organisation.today(),
            ends_on=None,
            explained_on=None,
            understood=False,
            by=user,
        ).id
    world.ids["referral"] = an_accepted(cast, workers=("second",), by=by, case=case, **_told(cast, world))
    world.ids["session"] = a_planned_session(cast, world.ids["referral"], by="second")
    return world


def _strange(cast: Cast) -> World:
    by = "stranger_worker"
    world = World("w6", "stranger", "1", {by}, receiver="stranger-cso")
    case = _a_case(cast, world, by)
    told = _told(cast, world, coordinator="stranger_cso")
    world.ids["referral"] = a_referral(
        cast, by=by, case=case, receiver="stranger-cso", coordinator="stranger_cso", **told
    )
    return world


# w1: a worker's own; w2: a colleague's at the same site; w3: at another site; w4, w5: of two probation officers;
# w6: of another country; w7: restricted to a list; w8: a leader is excluded; w9: the receiver restricted the referral
# (and excluded somebody from that of w2).
WORLDS: list[Callable[[Cast], World]] = [
    lambda cast: _prison(cast, "w1", "1", "aigerim", helpers=("worker",), officer="officer"),
    lambda cast: _prison(cast, "w2", "1", "daniyar", helpers=None, officer=""),
    lambda cast: _prison(cast, "w3", FAR, "far_worker", helpers=("second",), officer="other_officer"),
    lambda cast: _probation(cast, "w4", "officer"),
    lambda cast: _probation(cast, "w5", "other_officer"),
    _strange,
    lambda cast: _prison(cast, "w7", "1", "daniyar", helpers=None, officer=""),
    lambda cast: _prison(cast, "w8", "1", "aigerim", helpers=None, officer=""),
    lambda cast: _prison(cast, "w9", FAR, "far_worker", helpers=("worker",), officer=""),
]


_DETAILS = {"matter": "identity_papers", "court": "Medeu", "opposing_party": "None"}


def _person(world: World) -> dict[str, Any]:
    digits = str(10_000_000 + int(world.name[1:]) * 1111)
    return {
        "name": f"{world.mark('name')} Ермек",
        "latin_name": f"{world.mark('latin')} Ermek",
        "number": f"{world.mark('casenumber')}",
        "aliases": (world.mark("alias"),),
        "identifiers": {IdentifierKind.PASSPORT: world.mark("passport"), IdentifierKind.NATIONAL: digits},
        "phone": world.mark("phone"),
        "address": world.mark("address"),
        "languages": ("kk", "ru"),
    }


def _a_case(cast: Cast, world: World, by: str) -> uuid.UUID:
    world.ids["case"] = a_case(cast, by, **_person(world))
    return world.ids["case"]


def _told(cast: Cast, world: World, coordinator: str = "coordinator") -> dict[str, Any]:
    service = a_service(cast, by=coordinator, name=f"Legal help {world.name}")
    world.ids["service"] = service
    return {
        "service": service,
        "reason": world.mark("reason"),
        "details": _DETAILS | {"court": world.mark("court")},
    }


def _furnish(cast: Cast, world: World) -> None:
    """What every world holds beside what makes it different."""
    [by] = world.workers
    case, ids = world.ids["case"], world.ids
    with cast.acting(by) as user:
        opened = cases.opened(case, user)
        ids["relative"] = people.add_relative(
            opened,
            people.RelativeFields(name=world.mark("relative"), relation="mother", phone=world.mark("theirphone")),
            by=user,
        ).id
        ids["note"] = people.write_note(opened, kind=NoteKind.CONTACT, text=world.mark("note"), by=user).id
        people.write_note(opened, kind=NoteKind.CONTACT, text=world.mark("sensitive"), sensitive=True, by=user)
        ids["task"] = people.add_task(
            opened, title=world.mark("task"), due_on=today() + timedelta(days=2), user=user, by=user
        ).id
        user_id, org_id = user.id, user.org_id
        ids |= {"user": user_id, "notification": new_id()}
        signed_in = SignIn(
            org_id=org_id,
            id=new_id(),
            user_id=user_id,
            token_hash=secrets.token_bytes(32),
            last_seen_at=now(),
            expires_at=now() + timedelta(hours=1),
            user_agent=world.mark("agent"),
        )
        db.session.add(signed_in)
        ids["sign-in"] = signed_in.id
        ids |= {"person": opened.person_id, "site": user.site_id or new_id()}
        ids["conflict"] = people.declare_conflict("Имя Другого", ExclusionGround.OTHER, by=user).id
        ids["hold"] = rights.set_hold(opened, HoldKind.COURT, world.mark("hold"), by=user).id
        ids["copy"] = rights.open_access_request(opened, today(), by=user).id
        ids["objection"] = rights.object_to(opened, Fact.OTHER, world.mark("objection"), by=user).id
        accounts.make_api_token(world.mark("token"), [], 30, by=user)
        made = (ApiToken.org_id == org_id, ApiToken.name == world.mark("token"))
        ids["token"] = db.session.scalars(select(ApiToken.id).where(*made)).one()
        db.session.add(Entry(org_id=org_id, user_id=user_id, act="case.read", case_id=case, detail={}))
    news = {"user_id": ids["user"], "news_id": new_id(), "title": world.mark("news"), "path": f"/cases/{case}"}
    with cast.app.app_context(), unit_of_work(org_id):  # as a job tells it
        db.session.add(Notification(org_id=org_id, id=ids["notification"], **news))
    ids["need"] = a_need(cast, case, by, description=world.mark("need"))
    ids["goal"] = a_goal(cast, case, by, title=world.mark("goal"))
    ids["step"] = a_step(cast, case, ids["goal"], by, title=world.mark("step"))
    with cast.acting(by) as user:
        plans.set_own_words(cases.opened(case, user), world.mark("ownwords"), by=user)
    told = [Category.IDENTITY, Category.CONTACT, Category.LEGAL]
    ids["consent"] = a_consent(cast, case, told, by=by, to=world.receiver)
    ids["draft"] = a_draft(
        cast,
        by=by,
        case=case,
        service=ids["service"],
        consent=ids["consent"],
        receiver=world.receiver,
        reason=world.mark("draft"),
        details=_DETAILS,
    )
    leader = next(
        one.name
        for one in ACCOUNTS.values()
        if one.org == world.org and one.may(Permission.IMPORT_REGISTER) and one.role is not Role.ADMINISTRATOR
    )
    with cast.acting(leader) as user:
        mapping = shipped()["iowa"].read_text(encoding="utf-8")
        ids["import"] = upload(f"{world.mark('file')}.csv", SAMPLE.read_bytes(), mapping, by=user).id
        ids["erasure"] = new_id()
        db.session.add(
            Erasure(
                org_id=user.org_id,
                id=ids["erasure"],
                person_id=ids["person"],
                kind=RuleKind.ADULT,
                due_on=today(),
                proposed_by=user.id,
            )
        )


def _keep_house(cast: Cast, org: str, worlds: list[World]) -> None:
    """What an organisation has once: a holiday, somebody who left, and a signed review of who has access."""
    [admin_name] = [one.name for one in ACCOUNTS.values() if one.org == org and one.role is Role.ADMINISTRATOR]
    leader = next(one.name for one in ACCOUNTS.values() if one.org == org and one.may(Permission.REVIEW_ACCESS))
    with cast.acting(admin_name) as admin:
        gone, _ = accounts.add_user(
            name="Gone", email=f"gone@{org}.example.org", role=Role.AUDITOR, site_id=None, password=PASSWORD, by=admin
        )
        accounts.deactivate(gone, by=admin)
        gone_id = gone.id
        holiday_id = tenancy.add_holiday(today(), "Day off", by=admin).id
    with cast.acting(leader) as user:
        decisions = {one.id: (Decision.KEEP, None) for one, _ in to_review(user)}
        review_id = sign_review(decisions, by=user).id
    for world in worlds:
        world.ids |= {"gone": gone_id, "holiday": holiday_id, "review": review_id}


def _restrict(cast: Cast, world: World) -> None:
    """Only the worker, the leader and a colleague of another site open it, and who broke in."""
    restricted(cast, world.ids["case"], "far_worker", by="leader")
    world.listed, world.broke_in = {*world.workers, "leader", "far_worker", "site_leader"}, "site_leader"
    with cast.acting("site_leader") as user:
        assert people.break_glass(world.mark("casenumber"), world.mark("breaking"), 240, by=user)
    _note_access(cast, world)


def _exclude(cast: Cast, world: World) -> None:
    """Two leaders may not open it."""
    world.excluded = {"deputy", "site_leader"}
    for name in sorted(world.excluded):
        excluded(cast, world.ids["case"], name, by="leader")
    _note_access(cast, world)


def _close_received(cast: Cast, open_world: World, list_world: World) -> None:
    """The receiver lets only a leader and the worker open one referral, and excludes a leader from another."""
    referral_excluded(cast, open_world.ids["referral"], "kamqor_deputy")
    referral_restricted(cast, list_world.ids["referral"], "kamqor_leader")
    open_world.received_without, list_world.received_by = {"kamqor_deputy"}, {"coordinator", "worker", "kamqor_leader"}
    for world in (open_world, list_world):
        with cast.acting("coordinator") as user:
            decided = receiving.decisions(shared.received(world.ids["referral"], user))
            world.ids["referral access"] = next(one.id for one in decided if one.user_id is not None)


def _note_access(cast: Cast, world: World) -> None:
    with cast.acting("leader") as user:
        for one in cases.decisions(cases.opened(world.ids["case"], user)):
            named = {AccessKind.GLASS: "glass", AccessKind.RESTRICTED: "restriction"}.get(one.kind, "access")
            world.ids[named] = one.id
