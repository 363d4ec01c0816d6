"""The demo's steward, and through them organisations, sites, people at work, services and agreements."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from random import Random

import psycopg
from flask_babel import force_locale

from caseflow.accounts import actions as accounts
from caseflow.accounts import queries as users
from caseflow.accounts.models import User
from caseflow.accounts.permissions import Role
from caseflow.core.db import db, enter, new_id, tenant, unit_of_work
from caseflow.demo.clock import Calendar, told_at
from caseflow.demo.countries import COUNTRIES, Body, Country, Worker
from caseflow.demo.countries.country import Office
from caseflow.directory import actions as directory
from caseflow.directory.actions import Offer
from caseflow.tenancy import actions as tenancy
from caseflow.tenancy import queries as organisations
from caseflow.tenancy.models import OrganisationKind, ReferralKind

PASSWORD = "Try-caseflow-2026"  # noqa: S105 -- printed for whoever tries the demo
FOUNDED = -500  # days from today
CASELOAD = 36

STEWARD = Body(
    "caseflow-steward",
    "Steward of caseflow",
    OrganisationKind.STEWARD,
    "caseflow.example",
    (
        Worker("steward", "Anna Berg", Role.STEWARD),
        Worker("musharif", "سامر الحسن", Role.STEWARD),  # whose pages are in Arabic
    ),
)


@dataclass(frozen=True, slots=True)
class Post:
    """Somebody at work: under which ids they act."""

    org_id: uuid.UUID
    user_id: uuid.UUID
    name: str
    role: Role
    site_id: uuid.UUID | None
    locale: str


@dataclass(slots=True)
class Founded:
    """An organisation as it stands in the database."""

    body: Body
    country: Country
    org_id: uuid.UUID
    posts: list[Post] = field(default_factory=list)
    sites: list[tuple[uuid.UUID, Office]] = field(default_factory=list)
    services: list[tuple[uuid.UUID, ReferralKind, bool]] = field(default_factory=list)  # id, kind, women only

    def holding(self, *roles: Role) -> list[Post]:
        """Those with one of these roles."""
        return [post for post in self.posts if post.role in roles]


@contextmanager
def acting(post: Post) -> Iterator[User]:
    """A unit of work in somebody's name, in the language of their organisation."""
    with unit_of_work(post.org_id, post.user_id), force_locale(post.locale):
        yield db.session.get_one(User, (post.org_id, post.user_id))


@contextmanager
def themself(user: User) -> Iterator[None]:
    """Within another's unit of work, what somebody does themself."""
    held = tenant()
    db.session.flush()
    enter(user.org_id, user.id)
    yield
    db.session.flush()
    enter(held.org_id, held.user_id)


def raise_steward(owner_url: str, calendar: Calendar) -> Post:
    """The platform's steward: the one thing that only the database's owner can begin."""
    org_id, user_id, began = new_id(), new_id(), calendar.at(FOUNDED - 5)
    first = STEWARD.workers[0]
    with psycopg.connect(owner_url) as owner:
        owner.execute(
            "INSERT INTO organisations (id, created_at, slug, name, kind, country, locale, timezone, rest_days)"
            " VALUES (%s, %s, %s, %s, 'steward', 'KZ', 'en', 'Asia/Almaty', '{6,7}')",
            (org_id, began, STEWARD.slug, STEWARD.name),
        )
        owner.execute(
            "INSERT INTO users (org_id, id, created_at, email, name, role, active, mail_news)"
            " VALUES (%s, %s, %s, %s, %s, 'steward', true, true)",
            (org_id, user_id, began, STEWARD.email(first), first.name),
        )
    steward = Post(org_id, user_id, first.name, Role.STEWARD, None, "en")
    with told_at(began), acting(steward) as user:
        accounts.set_password(user, PASSWORD, by=user)
        second = STEWARD.workers[1]
        other, _password = accounts.add_user(
            name=second.name,
            email=STEWARD.email(second),
            role=second.role,
            site_id=None,
            password=PASSWORD,
            by=user,
        )
        other.locale = "ar"
        for one in (user, other):
            with themself(one):
                accounts.accept_terms(by=one)
    return steward


def found(steward: Post, calendar: Calendar, extra: dict[str, int], random: Random) -> list[Founded]:
    """All organisations with what they begin with; `extra` workers by the organisation's slug."""
    made = []
    for country in COUNTRIES:
        here = [_found(steward, country, body, calendar) for body in country.bodies]
        for one in here:
            _furnish(one, calendar, extra.get(one.body.slug, 0), random)
        _agree(steward, country, here, calendar)
        made += here
    return made


def _found(steward: Post, country: Country, body: Body, calendar: Calendar) -> Founded:
    first = body.workers[0]
    with told_at(calendar.at(FOUNDED)), acting(steward) as user:
        organisation, _password = directory.found_organisation(
            slug=body.slug,
            name=body.name,
            kind=body.kind,
            country=country.code,
            locale=country.locale,
            timezone=country.timezone,
            rest_days=country.rest_days,
            administrator=first.name,
            email=body.email(first),
            by=user,
        )
        org_id = organisation.id
    with unit_of_work():
        [candidate] = users.candidates(body.email(first))
    admin = Post(org_id, candidate.user_id, first.name, first.role, None, country.locale)
    return Founded(body, country, org_id, [admin])


def _furnish(one: Founded, calendar: Calendar, extra: int, random: Random) -> None:
    """What the administrator and, in a CSO, the coordinator set up."""
    body = one.body
    with told_at(calendar.at(FOUNDED + 3)), acting(one.posts[0]) as admin:
        accounts.set_password(admin, PASSWORD, by=admin)
        accounts.accept_terms(by=admin)
        admin.organisation.phone = body.phone
        for number, office in enumerate(body.offices, 1):
            site = tenancy.add_site(
                name=office.name,
                code=f"{number:02d}",
                kind=office.kind,
                city=office.city,
                capacity=office.capacity,
                by=admin,
            )
            one.sites.append((site.id, office))
        for year in (calendar.today.year, calendar.today.year + 1):
            for month, day, name in one.country.holidays:
                tenancy.add_holiday(date(year, month, day), name, by=admin)
        for worker in [*body.workers[1:], *_more_workers(one, extra, random)]:
            site_id = None if worker.site is None else one.sites[worker.site][0]
            user, _password = accounts.add_user(
                name=worker.name,
                email=body.email(worker),
                role=worker.role,
                site_id=site_id,
                password=PASSWORD,
                by=admin,
            )
            with themself(user):
                accounts.accept_terms(by=user)
            user.phone = f"{one.country.phone} {random.randrange(1000, 9999)}"
            one.posts.append(Post(one.org_id, user.id, user.name, user.role, site_id, one.country.locale))
    for coordinator in one.holding(Role.COORDINATOR):
        with told_at(calendar.at(FOUNDED + 7)), acting(coordinator) as user:
            for offered in body.services:
                offer = Offer(
                    kind=offered.kind,
                    name=offered.name,
                    description=offered.description,
                    place=offered.place,
                    area=offered.area,
                    sex=offered.sex,
                    minimum_age=18,
                    languages=one.country.languages,
                    capacity=offered.capacity,
                    eligibility=offered.eligibility,
                    phone=body.phone,
                    email=f"info@{body.domain}",
                )
                service = directory.add_service(offer, by=user)
                one.services.append((service.id, service.kind, service.sex.value == "female"))


def _more_workers(one: Founded, extra: int, random: Random) -> Iterator[Worker]:
    """Further case workers where there are more people than those with a name of their own can hold."""
    prison = one.body.kind is OrganisationKind.PRISON_SERVICE
    role = Role.SOCIAL_WORKER if prison else Role.PROBATION_OFFICER
    for number in range(extra):
        people = one.country.peoples[0][1]
        name = people.name(random, female=bool(number % 2)).name
        yield Worker(f"worker{number + 1}", name, role, number % len(one.body.offices))


def _agree(steward: Post, country: Country, here: list[Founded], calendar: Calendar) -> None:
    """Prison and probation service may refer to each CSO of the country, for what it offers."""
    with told_at(calendar.at(FOUNDED + 10)), acting(steward) as user:
        by_slug = {one.body.slug: one for one in here}
        for sender in (country.body(OrganisationKind.PRISON_SERVICE), country.body(OrganisationKind.PROBATION_SERVICE)):
            for receiver in country.csos():
                kinds = {offered.kind for offered in receiver.services}
                directory.agree(
                    organisations.organisation(by_slug[sender.slug].org_id),
                    organisations.organisation(by_slug[receiver.slug].org_id),
                    [kind for kind in ReferralKind if kind in kinds],
                    starts_on=calendar.day(FOUNDED + 10),
                    ends_on=calendar.day(700),
                    by=user,
                )
