"""The cast of every test: five organisations in two countries and the steward's, their people, and how to be one.

    almaty        prison service (KZ): aigerim, daniyar (social workers), leader, deputy (team leaders), admin, auditor
    kamqor        CSO (KZ, receiver): coordinator, worker, second (another worker), kamqor_admin
    probation     probation service (KZ): officer, other_officer, probation_leader, probation_admin
    stranger      prison service (IQ): stranger (team leader), stranger_worker (social worker), stranger_admin
    stranger-cso  CSO (IQ): stranger_cso (coordinator), stranger_cso_admin
    steward       the platform's steward

The stranger always appears: what one organisation does, the stranger must not see.
"""

import re
import secrets
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from rq import Queue, SimpleWorker
from sqlalchemy import select
from werkzeug.test import TestResponse

from caseflow.accounts import actions as accounts
from caseflow.accounts import passwords
from caseflow.accounts.models import User
from caseflow.accounts.permissions import Role
from caseflow.accounts.queries import candidates
from caseflow.core.db import db, enter, new_id, tenant, today, unit_of_work
from caseflow.core.jobs import QUEUE, relay
from caseflow.tenancy import actions as tenancy
from caseflow.tenancy.models import Organisation, OrganisationKind, ReferralKind, SiteKind

PASSWORD = "correct horse battery"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
READS = "en"  # everybody of the cast, so that tests can name what a page says
KINDS = list(ReferralKind)


@dataclass(frozen=True)
class Part:
    """One person of the cast."""

    name: str
    full_name: str
    role: Role
    site: bool = False


PARTS: dict[str, tuple[str, OrganisationKind, str, str, str, tuple[int, ...], list[Part]]] = {
    "almaty": (
        "Prison Service of Almaty",
        OrganisationKind.PRISON_SERVICE,
        "KZ",
        "ru",
        "Asia/Almaty",
        (6, 7),
        [
            Part("admin", "Айжан Админ", Role.ADMINISTRATOR),
            Part("aigerim", "Айгерім Сәрсенова", Role.SOCIAL_WORKER, site=True),
            Part("daniyar", "Данияр Омаров", Role.SOCIAL_WORKER, site=True),
            Part("leader", "Гульнара Ахметова", Role.TEAM_LEADER),
            Part("deputy", "Марат Заманов", Role.TEAM_LEADER),
            Part("auditor", "Ерлан Аудитор", Role.AUDITOR),
        ],
    ),
    "kamqor": (
        "Kamqor Foundation",
        OrganisationKind.CSO,
        "KZ",
        "ru",
        "Asia/Almaty",
        (6, 7),
        [
            Part("kamqor_admin", "Kamqor Admin", Role.ADMINISTRATOR),
            Part("coordinator", "Мадина Касымова", Role.COORDINATOR),
            Part("worker", "Олег Ким", Role.WORKER),
            Part("second", "Жанна Ли", Role.WORKER),
        ],
    ),
    "probation": (
        "Probation Service of Almaty",
        OrganisationKind.PROBATION_SERVICE,
        "KZ",
        "ru",
        "Asia/Almaty",
        (6, 7),
        [
            Part("probation_admin", "Probation Admin", Role.ADMINISTRATOR),
            Part("officer", "Тимур Бек", Role.PROBATION_OFFICER, site=True),
            Part("other_officer", "Салтанат Нур", Role.PROBATION_OFFICER, site=True),
            Part("probation_leader", "Асель Жан", Role.TEAM_LEADER),
        ],
    ),
    "stranger": (
        "دائرة الإصلاح",
        OrganisationKind.PRISON_SERVICE,
        "IQ",
        "ar",
        "Asia/Baghdad",
        (5, 6),
        [
            Part("stranger_admin", "مدير النظام", Role.ADMINISTRATOR),
            Part("stranger", "زينب حسن", Role.TEAM_LEADER),
            Part("stranger_worker", "علي كاظم", Role.SOCIAL_WORKER, site=True),
        ],
    ),
    "stranger-cso": (
        "جمعية الأمل",
        OrganisationKind.CSO,
        "IQ",
        "ar",
        "Asia/Baghdad",
        (5, 6),
        [
            Part("stranger_cso_admin", "مديرة الجمعية", Role.ADMINISTRATOR),
            Part("stranger_cso", "نور محمد", Role.COORDINATOR),
        ],
    ),
}


@contextmanager
def quick_hashes() -> Iterator[None]:
    """Passwords are hashed with next to no memory: the cast, the demo and the scene sign in some thousand times.

    Those that tests make are the real ones.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", QUICK)
        yield


def raise_curtain(app: Flask, owner_url: str) -> None:
    """Play the cast into the template database: the steward by the owner, all else as the product does it."""
    steward_org, steward_id = new_id(), new_id()
    with psycopg.connect(owner_url) as owner:
        owner.execute(
            "INSERT INTO organisations (id, created_at, slug, name, kind, country, locale, timezone, rest_days)"
            " VALUES (%s, now(), 'steward', 'Steward of caseflow', 'steward', 'KZ', 'en', 'Asia/Almaty', '{6,7}')",
            (steward_org,),
        )
        owner.execute(
            "INSERT INTO users (org_id, id, created_at, email, name, role, active, mail_news)"
            " VALUES (%s, %s, now(), 'steward@example.org', 'Steward', 'steward', true, true)",
            (steward_org, steward_id),
        )
        owner.execute(
            "INSERT INTO passwords (org_id, id, created_at, hash, changed_at) VALUES (%s, %s, now(), %s, now())",
            (steward_org, steward_id, passwords.hash_password(PASSWORD)),
        )
        owner.execute(
            "INSERT INTO terms_acceptances (org_id, id, created_at, user_id, version)"
            " VALUES (%s, %s, now(), %s, '1.0')",
            (steward_org, new_id(), steward_id),
        )
    with app.app_context():
        made: dict[str, uuid.UUID] = {}
        with unit_of_work(steward_org, steward_id):
            steward = db.session.get_one(User, (steward_org, steward_id))
            organisations = {}
            for slug, (name, kind, country, locale, timezone, rest, parts) in PARTS.items():
                organisation = tenancy.found(
                    slug=slug,
                    name=name,
                    kind=kind,
                    country=country,
                    locale=locale,
                    timezone=timezone,
                    rest_days=rest,
                    by=steward,
                )
                accounts.appoint_administrator(
                    organisation,
                    name=parts[0].full_name,
                    email=f"{parts[0].name}@example.org",
                    password=PASSWORD,
                    by=steward,
                )
                organisations[slug] = organisation
                made[slug] = organisation.id
            start = today() - timedelta(days=365)
            for sender, receiver in (("almaty", "kamqor"), ("probation", "kamqor"), ("stranger", "stranger-cso")):
                tenancy.agree(organisations[sender], organisations[receiver], KINDS, starts_on=start, by=steward)
        for slug, (*_, parts) in PARTS.items():
            with unit_of_work(made[slug]):
                admin = db.session.scalars(select(User)).unique().one()
                admin_id = admin.id
            with unit_of_work(made[slug], admin_id):
                admin = db.session.get_one(User, (made[slug], admin_id))
                admin.locale = READS
                accounts.accept_terms(by=admin)
                site = tenancy.add_site(name=f"{slug} 1", code="1", kind=SiteKind.PRISON, city="Almaty", by=admin)
                for part in parts[1:]:
                    user, _password = accounts.add_user(
                        name=part.full_name,
                        email=f"{part.name}@example.org",
                        role=part.role,
                        site_id=site.id if part.site else None,
                        password=PASSWORD,
                        by=admin,
                    )
                    settle_in(user)
    with psycopg.connect(owner_url) as owner:
        owner.execute("DELETE FROM outbox")  # news of the beginning itself


def settle_in(user: User) -> None:
    """What somebody does themself on their first day, within the unit of work of whoever opened their account."""
    held = tenant()
    db.session.flush()
    enter(user.org_id, user.id)
    user.locale = READS
    accounts.accept_terms(by=user)
    db.session.flush()
    enter(held.org_id, held.user_id)


ROLES = {"steward": Role.STEWARD} | {part.name: part.role for *_, parts in PARTS.values() for part in parts}
KNOWN: dict[tuple[str, str], tuple[uuid.UUID, uuid.UUID]] = {}  # by database and name


@dataclass
class Cast:
    """The people of a test; `cast.be("aigerim")` is a browser signed in as her."""

    app: Flask
    _clients: dict[str, "Browser"] = field(default_factory=dict)

    def be(self, name: str) -> "Browser":
        """A browser in which this person is signed in."""
        if name not in self._clients:
            browser = Browser(self.app.test_client())
            browser.post("/sign-in", {"email": f"{name}@example.org", "password": PASSWORD}, expect=302)
            self._clients[name] = browser
        return self._clients[name]

    @contextmanager
    def acting(self, name: str) -> Iterator[User]:
        """A unit of work in this person's name, to play what came before by the product's own actions."""
        with self.app.app_context():
            org_id, user_id = self._ids(name)
            with unit_of_work(org_id, user_id):
                yield db.session.get_one(User, (org_id, user_id))

    @contextmanager
    def managing(self, name: str) -> Iterator[User]:
        """This person's account in the hands of an administrator of their organisation, who alone may change it."""
        with self.acting(name) as user:
            org_id, user_id = user.org_id, user.id
        with self.app.app_context():
            with unit_of_work(org_id):
                managers = select(User.id).where(User.role == Role.ADMINISTRATOR, User.active)
                manager_id = db.session.scalars(managers).first()
            with unit_of_work(org_id, manager_id):
                yield db.session.get_one(User, (org_id, user_id))

    def _ids(self, name: str) -> tuple[uuid.UUID, uuid.UUID]:
        """Looked up once for those of the template: they are the same in each test's copy of it."""
        known = (self.app.config["SQLALCHEMY_DATABASE_URI"], name)
        if known not in KNOWN:
            with unit_of_work():
                [candidate] = candidates(f"{name}@example.org")
            if name not in ROLES:
                return candidate.org_id, candidate.user_id
            KNOWN[known] = candidate.org_id, candidate.user_id
        return KNOWN[known]

    def organisation(self, slug: str) -> uuid.UUID:
        """The id of an organisation of the cast."""
        with self.acting("steward"):
            return db.session.scalars(select(Organisation.id).where(Organisation.slug == slug)).one()

    def deliver(self, redis: Any) -> int:
        """Let the relay and the worker do what waits; gives how many pieces of news went out."""
        sent = 0
        with self.app.app_context():
            while count := relay(redis):
                sent += count
                SimpleWorker([Queue(QUEUE, connection=redis)], connection=redis).work(burst=True, logging_level="ERROR")
        return sent


class Browser:
    """A client that reads pages and sends forms as a browser does: with the CSRF token of its session."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.last: TestResponse | None = None
        self._form: tuple[str | None, str] = (None, "")  # the session's cookie, and the token that its forms have

    def get(self, path: str, *, expect: int = 200) -> str:
        """The page at this address; fails when the status is another than expected."""
        self.last = self.client.get(path)
        text = _unpadded(self.last)
        assert self.last.status_code == expect, f"GET {path}: {self.last.status_code}\n{text[:3000]}"
        return text

    def post(self, path: str, data: dict[str, Any] | None = None, *, expect: int = 302) -> str:
        """Send a form to this address, with the token of the session."""
        self.last = self.client.post(path, data={"csrf_token": self.token(), **(data or {})})
        text = _unpadded(self.last)
        assert self.last.status_code == expect, f"POST {path}: {self.last.status_code}\n{text[:3000]}"
        return text

    def token(self) -> str:
        """The token that all forms of the session have, as Flask-WTF makes it; no page is read for it.

        That every form holds it is the matter of `tests/core/test_templates.py`.
        """
        app = self.client.application
        if self._form[0] is None or self._cookie() != self._form[0]:
            with self.client.session_transaction() as session:
                secret = session.setdefault("csrf_token", secrets.token_hex(20))
            signer = URLSafeTimedSerializer(str(app.secret_key), salt="wtf-csrf-token")
            self._form = self._cookie(), str(signer.dumps(secret))
        return self._form[1]

    def _cookie(self) -> str | None:
        held = self.client.get_cookie(self.client.application.config["SESSION_COOKIE_NAME"])
        return held and held.value

    @property
    def location(self) -> str:
        """Where the last answer led."""
        assert self.last is not None
        return self.last.headers["Location"]


def _unpadded(answer: TestResponse) -> str:
    """The text of an answer without the comment of random length at its end (`core/web.py`)."""
    return re.sub(r"<!-- [0-9a-f]+ -->$", "", answer.get_data().decode(errors="replace"))  # a document is no text
