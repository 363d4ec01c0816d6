"""Prisons filled to the published figures of the countries, by COPY: many people with short, even tales.

COPY is refused to the app's role, so this is written as the database's owner, past the product's actions; the texts are
sealed all the same, each person's under a key of their own. It serves size: what a screen shows in depth is told by
`seed`.
"""

import json
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from random import Random
from typing import Any

import psycopg
from psycopg import Connection, sql
from tqdm import tqdm

from caseflow.accounts.permissions import Role
from caseflow.accounts.queries import TERMS
from caseflow.core import keyring, master_keys
from caseflow.core.db import new_id
from caseflow.core.keyring import Key, Kind
from caseflow.core.search import name_keys
from caseflow.demo.clock import Calendar
from caseflow.demo.countries import COUNTRIES, Country
from caseflow.demo.names import FullName
from caseflow.demo.referring import TOLD
from caseflow.demo.rows import COLUMNS, Row, Rows
from caseflow.people.models import Category, LegalStatus, Phase
from caseflow.referrals.models import Status
from caseflow.tenancy.models import OrganisationKind, ReferralKind

CHUNK = 5_000  # people held in memory at a time
CASELOAD = 40
REFERRED = 0.08
STATUSES = (
    (15, Status.SENT, None),
    (15, Status.ACCEPTED, Status.ACCEPTED),
    (25, Status.IN_PROGRESS, Status.ACCEPTED),
    (30, Status.COMPLETED, Status.IN_PROGRESS),
    (10, Status.DECLINED, None),
    (5, Status.WAITLISTED, None),
)
PHASES = (
    (10, Phase.INTAKE),
    (12, Phase.ASSESSMENT),
    (14, Phase.PLANNING),
    (50, Phase.DELIVERY),
    (14, Phase.PRE_RELEASE),
)
BEFORE_TRIAL = ((1, Phase.INTAKE), (2, Phase.ASSESSMENT))


@dataclass(frozen=True, slots=True)
class Worker:
    """A case worker with their site."""

    id: str
    name: str
    site_id: str
    site: str


@dataclass(slots=True)
class Prison:
    """A country's prison service as it stands before it is filled, and how many are missing."""

    country: Country
    org_id: str
    number: int  # the first free one
    missing: int
    women: int
    untried: int
    services: dict[ReferralKind, list[tuple[str, str]]]  # organisation and service
    coordinators: dict[str, str]  # the name of whoever answers, by organisation
    master_id: str  # the master key under which the persons' keys lie
    sites: list[tuple[str, str]] = field(default_factory=list)
    workers: list[Worker] = field(default_factory=list)


def load(owner_url: str, sized: str, *, seed: int = 1, scale: float = 1.0) -> dict[str, int]:
    """Fill the prisons of a country (kz, kg, tj, iq, or all); gives the number of people added, by country.

    `scale` makes a small model of the same shares. All or nothing; the planner's statistics are fresh afterwards.
    """
    chosen = [country for country in COUNTRIES if sized in ("all", country.code.lower())]
    added = {}
    with psycopg.connect(owner_url) as owner:
        owner.execute("SET LOCAL synchronous_commit = off")
        prisons = [_found(owner, country, scale) for country in chosen]
        with tqdm(total=sum(prison.missing for prison in prisons), desc="people", disable=None) as progress:
            for prison in prisons:
                random = Random(f"{seed} sized {prison.country.code}")  # noqa: S311 -- fiction
                _enlarge(owner, prison, random, scale)
                for rows, people in _people(prison, random):
                    _copy(owner, rows)
                    progress.update(people)
                added[prison.country.code] = prison.missing
    with psycopg.connect(owner_url, autocommit=True) as owner:
        for table in COLUMNS:
            owner.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(table)))
    return added


def _found(owner: Connection, country: Country, scale: float) -> Prison:
    """What is there already counts: afterwards there are as many people, women and untried as the figures say."""
    slug = country.body(OrganisationKind.PRISON_SERVICE).slug
    [(org_id,)] = owner.execute("SELECT id::text FROM organisations WHERE slug = %s", (slug,)).fetchall()
    [(people, women, untried)] = owner.execute(
        "SELECT count(*), count(*) FILTER (WHERE p.sex = 'female'),"
        " count(*) FILTER (WHERE c.legal_status = 'pre_trial')"
        " FROM cases c JOIN persons p ON p.org_id = c.org_id AND p.id = c.person_id WHERE c.org_id = %s",
        (org_id,),
    ).fetchall()
    held = round(country.held * scale)
    missing = max(0, held - people)
    services: dict[ReferralKind, list[tuple[str, str]]] = {}
    found = owner.execute(
        "SELECT s.kind, s.org_id::text, s.id::text FROM services s JOIN organisations o ON o.id = s.org_id"
        " WHERE o.country = %s AND s.sex = 'any' AND s.status = 'active'"
        " AND o.slug = ANY (%s) ORDER BY o.slug, s.kind",
        (country.code, [body.slug for body in country.csos()]),
    )
    for kind, receiver_id, service_id in found:
        services.setdefault(ReferralKind(kind), []).append((receiver_id, service_id))
    coordinators = owner.execute("SELECT org_id::text, name FROM users WHERE role = 'coordinator'").fetchall()
    return Prison(
        country=country,
        org_id=org_id,
        number=people + 1,
        missing=missing,
        women=min(missing, max(0, round(held * country.women) - women)),
        untried=min(missing, max(0, round(held * country.pre_trial) - untried)),
        services=services,
        coordinators=dict(coordinators),
        master_id=master_keys.names()[0],
    )


def _enlarge(owner: Connection, prison: Prison, random: Random, scale: float) -> None:
    """As many prisons as there are, and case workers for caseloads of about forty; all with the demo's password."""
    country, org_id, rows = prison.country, prison.org_id, Rows()
    calendar = Calendar(country.timezone, country.rest_days, random)
    began = calendar.at(-480).isoformat()
    offices = country.body(OrganisationKind.PRISON_SERVICE).offices
    there = owner.execute(
        "SELECT id::text, name FROM sites WHERE org_id = %s AND kind = 'prison' ORDER BY code", (org_id,)
    ).fetchall()
    prison.sites = [(str(id), str(name)) for id, name in there]  # noqa: A001 -- the natural name
    stem = offices[0].name.rsplit(" ", 1)[0] if "№" in offices[0].name else "سجن رقم"
    for number in range(len(there), max(len(there), round(country.prisons * scale))):
        site_id, name = str(new_id()), f"{stem} {number + 101}"
        city = offices[number % len(offices)].city
        rows.add("sites", (org_id, site_id, began, f"{number + 101}", name, "prison", True, city, 600))
        prison.sites.append((site_id, name))
    [(hashed,)] = owner.execute("SELECT hash FROM passwords WHERE org_id = %s LIMIT 1", (org_id,)).fetchall()
    domain = country.body(OrganisationKind.PRISON_SERVICE).domain
    people = country.peoples[0][1]
    for number in range(-(-prison.missing // CASELOAD)):
        user_id, name = str(new_id()), people.name(random, female=bool(number % 2)).name
        site_id, site = prison.sites[number % len(prison.sites)]
        email = f"case{number + 1}@{domain}"
        rows.add("users", (org_id, user_id, began, email, name, Role.SOCIAL_WORKER.value, True, False, site_id))
        rows.add("passwords", (org_id, user_id, began, hashed, began))
        rows.add("terms_acceptances", (org_id, str(new_id()), began, user_id, f"{TERMS}.0"))
        prison.workers.append(Worker(user_id, name, site_id, site))
    _copy(owner, rows)


def _people(prison: Prison, random: Random) -> Iterator[tuple[Rows, int]]:
    """The rows of all people, a chunk at a time; women and untried are spread evenly."""
    calendar = Calendar(prison.country.timezone, prison.country.rest_days, random)
    days = [calendar.at(-day, 8 + day % 9, day * 7 % 60).isoformat() for day in range(1500)]
    kinds = list(ReferralKind)
    rows, held, numbers = Rows(), 0, count(prison.number)
    for place in range(prison.missing):
        female = _nth(place, prison.women, prison.missing)
        untried = _nth(place, prison.untried, prison.missing)
        case = _Case(prison, rows, random, calendar, days, next(numbers), prison.workers[place % len(prison.workers)])
        case.write(female=female, untried=untried)
        if _nth(place, round(prison.missing * REFERRED), prison.missing):
            case.refer(kinds[place % len(kinds)])
        held += 1
        if held == CHUNK:
            yield rows, held
            rows, held = Rows(), 0
    if held:
        yield rows, held


def _nth(place: int, wanted: int, of: int) -> bool:
    """Whether this place is one of `wanted` that lie evenly among `of`."""
    return (place + 1) * wanted // of > place * wanted // of


def _weighted(random: Random, choices: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
    return random.choices(choices, [one[0] for one in choices])[0]


class _Case:
    """One person with a case, as rows; days count back from today."""

    def __init__(
        self,
        prison: Prison,
        rows: Rows,
        random: Random,
        calendar: Calendar,
        days: list[str],
        number: int,
        worker: Worker,
    ) -> None:
        self.prison, self.rows, self.random, self.calendar, self.days = prison, rows, random, calendar, days
        self.number, self.worker, self.org_id = number, worker, prison.org_id
        self.person_id, self.case_id = str(new_id()), str(new_id())
        self.key = self._key(Kind.PERSON, self.days[0], id=uuid.UUID(self.person_id))

    def write(self, *, female: bool, untried: bool) -> None:
        """The person and the case, with what belongs to every case."""
        random, country, org_id = self.random, self.prison.country, self.org_id
        people = random.choices([one for _weight, one in country.peoples], [weight for weight, _one in country.peoples])
        name = people[0].name(random, female=female)
        self.phase = _weighted(random, BEFORE_TRIAL if untried else PHASES)[1]
        self.since = {Phase.INTAKE: 6, Phase.ASSESSMENT: 40, Phase.PLANNING: 80}.get(self.phase, 0)
        self.since = random.randint(1, self.since) if self.since else random.randint(90, 1400)
        began, born = self.days[self.since], self.calendar.day(-random.randint(19, 62) * 365 - random.randrange(365))
        self.name, self.female, self.born, self.language = name, female, born.isoformat(), people[0].language
        code = f"{country.code}-{self.number:06d}"
        languages = f"{{{self.language},{country.languages[-1]}}}"
        self.rows.add(
            "persons",
            (org_id, self.person_id, began, f"{code}-P", name.name, "female" if female else "male", False, languages,
             "full", True, False, True, 1, name.latin, self.born, country.code),
        )  # fmt: skip
        self._names(name, began)
        self._case(code, began, untried)
        self._work()

    def _key(self, kind: Kind, at: str, **ids: uuid.UUID) -> Key:
        """A fresh key, whose row is written with the rest."""
        row = {"org_id": uuid.UUID(self.org_id), "id": new_id()} | ids
        made, key = keyring.new_key(keyring.store(kind), row, self.prison.master_id)
        table = keyring.store(kind).table.name
        made["created_at"] = at
        self.rows.add(table, tuple(str(v) if isinstance(v := made[c], uuid.UUID) else v for c in COLUMNS[table]))
        return key

    def _sealed(self, text: str, place: str) -> str:
        return keyring.close_text(text, place, self.key)

    def _names(self, name: FullName, began: str) -> None:
        for kind, full in (("official", name.name), ("script", name.latin)):
            self.rows.add("names", (self.org_id, str(new_id()), began, self.person_id, kind, full, False))
        self.rows.extend("name_keys", ((self.org_id, key, self.person_id) for key in name_keys(name.name, name.latin)))

    def _case(self, code: str, began: str, untried: bool) -> None:
        random, org_id, words, worker = self.random, self.org_id, self.prison.country.words, self.worker
        ahead = random.randint(5, 84) if self.phase is Phase.PRE_RELEASE else random.randint(90, 2500)
        release = None if untried else self.calendar.day(ahead).isoformat()
        status = LegalStatus.PRE_TRIAL if untried else LegalStatus.SENTENCED
        offence_class, offence = random.choice(words.offences)
        months = None if untried else max(6, (self.since + ahead) // 30)
        self.rows.add(
            "cases",
            (org_id, self.case_id, began, self.person_id, code, self.phase.value, began[:10], status.value, 1,
             worker.site_id, began,
             self._sealed(words.order.format(number=self.number, year=began[:4]), "cases.commitment_order"),
             random.choice(words.authorities), offence_class, offence, months, release,
             self._sealed(words.release_unknown, "cases.release_unknown_reason") if untried else None),
        )  # fmt: skip
        for table, more in (
            ("case_parties", (org_id, "lead", began)),
            ("stays", (worker.site_id, began)),
            ("assignments", (worker.id, "primary", began)),
            ("phase_changes", (self.phase.value, worker.id)),
        ):
            self.rows.add(table, (org_id, str(new_id()), began, self.case_id, *more))

    def _work(self) -> None:
        """Notes, needs and a task."""
        random, org_id, words = self.random, self.org_id, self.prison.country.words
        for _place in range(random.randint(1, 4)):
            at = self.days[random.randrange(self.since + 1)]
            text = self._sealed(random.choice(words.contacts), "notes.text")
            note = (org_id, str(new_id()), at, self.case_id, "contact", text, False, at, self.worker.id)
            self.rows.add("notes", note)
        if self.phase is not Phase.INTAKE:
            areas = list(words.needs)
            for area in random.sample(areas, random.randint(1, 2)):
                text = self._sealed(random.choice(words.needs[area]), "needs.description")
                at = self.days[self.since // 2]
                need = (org_id, str(new_id()), at, self.case_id, area.value, text, "soon", "open", self.worker.id, 1)
                self.rows.add("needs", need)
        due, done = random.randint(-20, 40), None
        if due < -2:
            done = self.days[-due]
        at, title = self.days[30], self._sealed(random.choice(words.tasks), "tasks.title")
        day = self.calendar.day(due).isoformat()
        task = (org_id, str(new_id()), at, self.case_id, self.worker.id, "own", title, day, done)
        self.rows.add("tasks", task)

    def refer(self, kind: ReferralKind) -> None:
        """A referral with the consent, what was told under it, and its moves."""
        random, org_id, words, worker = self.random, self.org_id, self.prison.country.words, self.worker
        receiver_id, service_id = random.choice(self.prison.services[kind])
        _weight, status, before = _weighted(random, STATUSES)
        day = random.randint(1, 9) if status is Status.SENT else random.randint(10, 60)
        at, answered = self.days[day], self.days[day - min(day, 3)]
        consent_id, id = str(new_id()), str(new_id())  # noqa: A001 -- the natural name
        told = (Category.IDENTITY, TOLD[kind])
        until = self.calendar.day(200)
        self.rows.add(
            "consents",
            (org_id, consent_id, at, self.person_id, self.case_id, receiver_id,
             self._sealed(words.purposes[kind], "consents.purpose"),
             f"{{{','.join(one.value for one in told)}}}", "person", "signed", at[:10], worker.id, until.isoformat()),
        )  # fmt: skip
        outcome = {"education": "enrolled", "legal_aid": "advice", "employment": "ready"}.get(kind.value, "resumed")
        answer_by = self.calendar.day(14 - day).isoformat()
        running = status in (Status.ACCEPTED, Status.IN_PROGRESS)
        self.rows.add(
            "referrals",
            (org_id, id, receiver_id, at, kind.value, service_id, worker.name, "standard", f"{{{outcome}}}", "custody",
             at, status.value, at if status is Status.SENT else answered, answer_by, 1, worker.site,
             self.calendar.day(21 - day).isoformat() if running else None),
        )  # fmt: skip
        self.rows.add("referral_origins", (org_id, id, at, self.case_id, worker.id))
        moves: list[tuple[str, str, str, str | None, Status]] = [(at, org_id, worker.name, None, Status.SENT)]
        coordinator = self.prison.coordinators[receiver_id]
        steps = [Status.ACCEPTED, before, status] if before else [status] if status is not Status.SENT else []
        for step in dict.fromkeys(steps):
            moves.append((answered, receiver_id, coordinator, moves[-1][4].value, step))
        for moved_at, actor_id, actor, was, step in moves:
            reason = "no_capacity" if step is Status.DECLINED else None
            self.rows.add(
                "referral_events",
                (org_id, str(new_id()), receiver_id, moved_at, id, actor_id, actor, step.value, was, reason),
            )
        expires = (until + timedelta(days=1)).isoformat()
        if status is Status.COMPLETED:  # as a referral's end closes what was told
            expires = self.calendar.day(90 - day + min(day, 3)).isoformat()
        revoked = answered if status is Status.DECLINED else None
        key = self._key(
            Kind.PACKET,
            at,
            to_org_id=uuid.UUID(receiver_id),
            packet_id=uuid.UUID(id),
            actor_org_id=uuid.UUID(org_id),
        )
        for category, content in zip(told, (self._identity(), self._request(kind)), strict=True):
            text = json.dumps({"sealed": keyring.close_text(content, "disclosures.content", key)})
            self.rows.add(
                "disclosures",
                (org_id, str(new_id()), receiver_id, at, id, category.value, text, consent_id, expires, revoked,
                 content.get("language")),
            )  # fmt: skip

    def _identity(self) -> dict[str, Any]:
        return {
            "name": self.name.name,
            "latin_name": self.name.latin,
            "other_names": [],
            "sex": "female" if self.female else "male",
            "gender": None,
            "birth_date": self.born,
            "birth_estimated": False,
            "age_group": None,
            "nationality": self.prison.country.code,
            "languages": [self.language],
            "literacy": "full",
            "interpreter_language": None,
        }

    def _request(self, kind: ReferralKind) -> dict[str, Any]:
        words = self.prison.country.words
        held: dict[str, Any] = {
            "kind": kind.value,
            "reason": self.random.choice(words.reasons[kind]),
            "details": dict(self.random.choice(words.details[kind])),
            "language": self.language,
            "interpreter": False,
            "accessibility": None,
            "clashes": None,
        }
        return held | ({"relatives": [], "children": []} if kind is ReferralKind.FAMILY_CONTACT else {"needs": []})


def _copy(owner: Connection, rows: Rows) -> None:
    """Write the rows, table after table as their keys ask."""
    for table, columns in COLUMNS.items():
        _copy_table(owner, table, columns, rows.of(table))


def _copy_table(owner: Connection, table: str, columns: tuple[str, ...], rows: Iterable[Row]) -> None:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names)
    with owner.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
