"""Making the demo's data: the same seed tells the same tales, by the product's own actions."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from random import Random
from typing import Any, TypeVar

import click
from flask import current_app
from tqdm import tqdm

from caseflow.accounts import queries as users
from caseflow.accounts.models import User
from caseflow.accounts.permissions import Role
from caseflow.config import Config, ConfigError
from caseflow.core.db import unit_of_work
from caseflow.demo import casework, ending, handing_over, helping, referring, supervising
from caseflow.demo.clock import Calendar
from caseflow.demo.countries import COUNTRIES, Body
from caseflow.demo.founding import PASSWORD, STEWARD, Founded, Post, acting, found, raise_steward
from caseflow.demo.inventing import more_workers, tales
from caseflow.demo.lives import Tale
from caseflow.demo.sized import load
from caseflow.demo.telling import deliver
from caseflow.tenancy.models import OrganisationKind

T = TypeVar("T")
BATCH = 10  # tales to a transaction


def seed(people: int, sized: str | None, seed: int = 1) -> None:
    """Tell the demo's tales into an empty installation; does nothing, and says so, where they were told before.

    `sized` (kz, kg, tj, iq or all) then fills the prisons of that country up to the published figures.
    """
    config: Config = current_app.extensions["caseflow"]
    if not config.owner_database_url:
        raise ConfigError("OWNER_DATABASE_URL is not set: the demo's first organisation is founded as caseflow_owner")
    if accounts():
        click.echo("The demo data is here already; nothing was done.", err=True)
        return
    random = Random(seed)  # noqa: S311 -- fiction
    calendar = Calendar("Asia/Almaty", (6, 7), random)
    steward = raise_steward(config.owner_database_url, calendar)
    organisations = found(steward, calendar, more_workers(people), random)
    _tell(tales(organisations, people, seed), organisations, calendar)
    if sized is not None:
        load(config.owner_database_url, sized, seed=seed)


def _tell(told: list[Tale], organisations: list[Founded], calendar: Calendar) -> None:
    """All tales, chapter by chapter: each acts on what the one before left."""
    by_slug = {one.body.slug: one for one in organisations}
    held = [tale for tale in told if tale.service.body.kind is OrganisationKind.PRISON_SERVICE]
    supervised = [tale for tale in told if tale not in set(held)]
    probation = {country.code: by_slug[country.body(OrganisationKind.PROBATION_SERVICE).slug] for country in COUNTRIES}
    sent = [asked for tale in told for asked in tale.asked if asked.id is not None or asked.status is not None]
    total = 4 * len(told) + 2 * len(sent)
    with tqdm(total=total, desc="tales", disable=None) as progress:
        play = partial(_play, progress=progress)
        play(((tale.worker, tale) for tale in held), lambda tale, user: _in_prison(tale, probation, user))
        play(((tale.worker, tale) for tale in supervised), _on_probation)
        play(((_leading(asked.receiver, Role.COORDINATOR), asked) for asked in sent), helping.answer)
        play(((asked.helper, asked) for asked in sent if asked.helper is not None), helping.help_on)
        play(((tale.worker, tale) for tale in told), referring.follow_up)
        invited = [tale for tale in held if tale.handover_id is not None]
        play(
            ((_leading(probation[tale.country.code], Role.TEAM_LEADER), tale) for tale in invited),
            lambda tale, user: handing_over.receive(tale, probation[tale.country.code], user),
        )
        play(((tale.officer, tale) for tale in invited if tale.officer is not None), _taken_over)
        ids = [one.org_id for one in organisations]
        deliver(ids, calendar)
        play(((tale.worker, tale) for tale in held), ending.go_on)
        play(((tale.worker, tale) for tale in supervised), _goes_on)
        deliver(ids, calendar)
        progress.update(total - progress.n)


def _play(acts: Iterable[tuple[Post, T]], act: Callable[[T, User], None], *, progress: "tqdm[Any]") -> None:
    """One chapter: everybody's acts in transactions of their own, a few at a time."""
    by_post: dict[Post, list[T]] = {}
    for post, one in acts:
        by_post.setdefault(post, []).append(one)
    for post, ones in by_post.items():
        for start in range(0, len(ones), BATCH):
            with acting(post) as user:
                for one in ones[start : start + BATCH]:
                    act(one, user)
                    progress.update()


def _in_prison(tale: Tale, probation: dict[str, Founded], user: User) -> None:
    casework.open_case(tale, user)
    handing_over.prepare(tale, probation[tale.country.code], user)


def _on_probation(tale: Tale, user: User) -> None:
    casework.open_case(tale, user)
    supervising.from_the_court(tale, user)


def _taken_over(tale: Tale, user: User) -> None:
    handing_over.take_over(tale, user)
    supervising.taken_over(tale, user)


def _goes_on(tale: Tale, user: User) -> None:
    ending.support(tale, user)
    supervising.end(tale, user)


def _leading(one: Founded, role: Role) -> Post:
    return one.holding(role)[0]


def accounts() -> list[dict[str, str]]:
    """The accounts to sign in with, by organisation; none where no demo was made."""
    with unit_of_work():
        if not users.candidates(STEWARD.email(STEWARD.workers[0])):
            return []
    bodies = [body for country in COUNTRIES for body in country.bodies]
    return [account for body in [*bodies, STEWARD] for account in _accounts(body)]


def _accounts(body: Body) -> Iterator[dict[str, str]]:
    for worker in body.workers:
        yield {
            "organisation": body.name,
            "slug": body.slug,
            "kind": body.kind.value,
            "role": worker.role.value,
            "email": body.email(worker),
            "password": PASSWORD,
        }
