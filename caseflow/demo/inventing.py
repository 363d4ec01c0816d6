"""Who the tales are about: as many people as asked for, spread over countries, services and workers."""

from collections.abc import Iterator
from datetime import date
from random import Random
from uuid import UUID

from caseflow.accounts.permissions import Role
from caseflow.demo.clock import Calendar
from caseflow.demo.countries import COUNTRIES, Country
from caseflow.demo.founding import CASELOAD, Founded, Post
from caseflow.demo.lives import PRISON_LIVES, PROBATION_LIVES, Asked, Life, Tale, began, released, sent
from caseflow.demo.names import People
from caseflow.people.actions import CaseFields, PersonFields
from caseflow.people.models import IdentifierKind, LegalStatus, Literacy, Phase, Sex
from caseflow.referrals.models import Status
from caseflow.tenancy.models import OrganisationKind, ReferralKind

OUTCOMES = {
    ReferralKind.EDUCATION: ("enrolled", "completed", "literate", "qualified"),
    ReferralKind.LEGAL_AID: ("advice", "papers", "deadline_met", "represented"),
    ReferralKind.EMPLOYMENT: ("ready", "interview", "job", "kept_13_weeks"),
    ReferralKind.FAMILY_CONTACT: ("found", "resumed", "visits", "mediated"),
}
ENDED = (Status.COMPLETED, Status.ENDED_EARLY, Status.WITHDRAWN)
PRISONERS = 0.8  # of a country's people; the others are with its probation service from the start


def shares(people: int) -> dict[str, tuple[int, int]]:
    """How many people of each country are in prison and with the probation service; together all of them."""
    found, left = {}, people
    for country in reversed(COUNTRIES):
        here = left if country is COUNTRIES[0] else people * country.share // 20
        left -= here
        # A small demo needs a whole set of tales more than a proportion.
        others = max(min(here // 4, 3), round(here * (1 - PRISONERS)))
        found[country.code] = (here - others, others)
    return found


def more_workers(people: int) -> dict[str, int]:
    """By organisation: how many workers are missing for caseloads of about 30 that are open."""
    missing = {}
    for country in COUNTRIES:
        numbers = dict(zip(("prison_service", "probation_service"), shares(people)[country.code], strict=True))
        for kind, role in (("prison_service", Role.SOCIAL_WORKER), ("probation_service", Role.PROBATION_OFFICER)):
            body = country.body(OrganisationKind(kind))
            there = sum(worker.role is role for worker in body.workers)
            missing[body.slug] = max(0, -(-numbers[kind] // CASELOAD) - there)
    return missing


def tales(organisations: list[Founded], people: int, seed: int) -> list[Tale]:
    """All tales, each with a chance of its own: what one needs changes nothing in another."""
    by_slug = {one.body.slug: one for one in organisations}
    found: list[Tale] = []
    for country in COUNTRIES:
        csos = [by_slug[body.slug] for body in country.csos()]
        kinds = _round_robin(list(ReferralKind))
        held, supervised = shares(people)[country.code]
        prison = by_slug[country.body(OrganisationKind.PRISON_SERVICE).slug]
        probation = by_slug[country.body(OrganisationKind.PROBATION_SERVICE).slug]
        for service, lives, count in ((prison, PRISON_LIVES, held), (probation, PROBATION_LIVES, supervised)):
            for number in range(count):
                tale = _tale(service, lives[number % len(lives)], number, seed)
                tale.asked = list(_asked(tale, csos, kinds))
                found.append(tale)
    return found


def _round_robin(kinds: list[ReferralKind]) -> Iterator[ReferralKind]:
    while True:
        yield from kinds


def _tale(service: Founded, life: Life, number: int, seed: int) -> Tale:
    country = service.country
    random = Random(f"{seed} {service.body.slug} {number}")  # noqa: S311 -- fiction
    calendar = Calendar(country.timezone, country.rest_days, random)
    release = released(life, random)
    worker = _worker(service, number)
    office = dict(service.sites).get(worker.site_id) if worker.site_id else None
    people = _people(country, office.people if office else None, random)
    female = number % round(1 / country.women) == 2
    return Tale(
        number=number,
        random=random,
        calendar=calendar,
        service=service,
        worker=worker,
        site=worker.site_id,
        life=life,
        name=people.name(random, female=female),
        female=female,
        admitted=calendar.working(began(life, random)),
        release=None if release is None else calendar.working(release),
        language=people.language,
    )


def _worker(service: Founded, number: int) -> Post:
    workers = service.holding(Role.SOCIAL_WORKER, Role.PROBATION_OFFICER)
    return workers[number % len(workers)]


def _people(country: Country, label: str | None, random: Random) -> People:
    named = [people for _weight, people in country.peoples if people.label == label]
    weights = [weight for weight, _people in country.peoples]
    return named[0] if named else random.choices([people for _weight, people in country.peoples], weights)[0]


def _asked(tale: Tale, csos: list[Founded], kinds: Iterator[ReferralKind]) -> Iterator[Asked]:
    for status in tale.life.referrals:
        kind = next(kinds)
        receiver, service_id = _offer(tale, csos, kind)
        outcomes = tuple(tale.random.sample(OUTCOMES[kind], tale.random.choice((1, 1, 2))))
        # What was over before the release was sent before it; what goes on may be of this week.
        before = status in ENDED and tale.release is not None
        latest = min(-1, (tale.release or 0) - 30) if before else -1
        day = tale.calendar.working(sent(status, tale.admitted + 32, latest, tale.random))
        talk = tale.pick(tale.country.words.messages) if tale.chance(0.35) else None
        yield Asked(tale, kind, status, day, receiver, service_id, outcomes, talk)


def _offer(tale: Tale, csos: list[Founded], kind: ReferralKind) -> tuple[Founded, UUID]:
    fitting = [
        (cso, service_id)
        for cso in csos
        for service_id, offered, women_only in cso.services
        if offered is kind and (tale.female or not women_only)
    ]
    return tale.random.choice(fitting)


def person(tale: Tale) -> PersonFields:
    """What the register knows of the person."""
    words, country = tale.country.words, tale.country
    serial = f"{tale.number + 1:05d}"
    safe = tale.chance(0.7)
    outside = tale.service.body.kind is OrganisationKind.PROBATION_SERVICE
    languages = tuple(dict.fromkeys([tale.language, *country.languages[-1:]]))
    return PersonFields(
        number=f"{country.code}-{tale.service.body.slug[3:5].upper()}-{serial}",
        name=tale.name.name,
        latin_name=tale.name.latin,
        identifiers={IdentifierKind.NATIONAL: _national(tale)} if tale.chance(0.8) else {},
        sex=Sex.FEMALE if tale.female else Sex.MALE,
        birth_date=_born(tale),
        birth_estimated=tale.chance(0.05),
        nationality=country.code,
        languages=languages,
        literacy=tale.pick((Literacy.FULL,) * 7 + (Literacy.SOME,) * 2 + (Literacy.NONE,)),
        interpreter_language=tale.language if tale.language == "ckb" and tale.chance(0.4) else None,
        accessibility=tale.pick(words.accessibility) if tale.chance(0.08) else None,
        phone=f"{country.phone} {tale.random.randrange(1000, 9999)}" if outside or tale.chance(0.3) else None,
        address=address(tale) if outside or tale.chance(0.5) else None,
        safe_to_phone=safe,
        safe_to_text=safe and tale.chance(0.5),
        safe_to_write=tale.chance(0.8),
    )


def address(tale: Tale) -> str:
    """A street and a number."""
    return f"{tale.pick(tale.country.words.streets)}, {tale.random.randrange(1, 120)}"


def _born(tale: Tale) -> date:
    age = min(tale.random.randint(19, 62), tale.random.randint(19, 62))
    return tale.calendar.day(-age * 365 - tale.random.randrange(365))


def _national(tale: Tale) -> str:
    return f"{tale.random.randrange(10**6):06d}{tale.number:06d}"


def facts(tale: Tale) -> CaseFields:
    """What the register knows of the case when it is opened."""
    words = tale.country.words
    offence_class, offence = tale.pick(words.offences)
    admitted = tale.calendar.at(tale.admitted, 10)
    if tale.service.body.kind is OrganisationKind.PROBATION_SERVICE:
        return CaseFields(
            authority=tale.pick(words.authorities),
            legal_status=LegalStatus.COMMUNITY,
            offence_class=offence_class,
            offence_type=offence,
            sentence_months=tale.pick((6, 12, 12, 18, 24)),
        )
    tried = tale.release is not None
    before = tale.life.phase in (Phase.INTAKE, Phase.ASSESSMENT) and not tried
    months = None if tale.release is None else max(6, (tale.release - tale.admitted) // 30)
    return CaseFields(
        admitted_at=admitted,
        commitment_order=words.order.format(number=tale.random.randrange(10, 900), year=admitted.year),
        authority=tale.pick(words.authorities),
        legal_status=LegalStatus.PRE_TRIAL if before else LegalStatus.SENTENCED,
        offence_class=offence_class,
        offence_type=offence,
        sentence_months=months,
        release_on=None if tale.release is None else tale.calendar.day(tale.release),
        release_unknown_reason=None if tried else words.release_unknown,
        conditional_release_on=(
            tale.calendar.day(tale.release - 90) if tale.release is not None and tale.release > 200 else None
        ),
    )
