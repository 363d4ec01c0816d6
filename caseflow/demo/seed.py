"""Making the demo's data: the same seed tells the same tales, by the product's own actions."""

from collections.abc import Iterator
from random import Random

import click
from flask import current_app

from caseflow.accounts import queries as users
from caseflow.audit.actions import record
from caseflow.config import Config, ConfigError
from caseflow.core.db import unit_of_work
from caseflow.demo import unfinished
from caseflow.demo.chapters import tell
from caseflow.demo.clock import Calendar
from caseflow.demo.countries import COUNTRIES, Body
from caseflow.demo.founding import PASSWORD, STEWARD, acting, found, raise_steward
from caseflow.demo.inventing import more_workers, tales
from caseflow.demo.sized import load


def seed(people: int, sized: str | None, seed: int = 1) -> None:
    """Tell the demo's tales; does nothing, and says so, where they were told before.

    What an interrupted run left is removed first. `sized` (kz, kg, tj, iq or all) then fills the prisons of that
    country up to the published figures, however many people are there.
    """
    config: Config = current_app.extensions["caseflow"]
    owner_url = config.owner_database_url
    if not owner_url:
        raise ConfigError("OWNER_DATABASE_URL is not set: the demo's first organisation is founded as caseflow_owner")
    if unfinished.told(owner_url):
        click.echo("The demo's tales are here already; nothing was done to them.", err=True)
    else:
        unfinished.clear(owner_url)
        _tell_anew(owner_url, people, seed)
    if sized is not None:
        for country, added in load(owner_url, sized, seed=seed).items():
            click.echo(f"{country}: {added} more people are in prison", err=True)


def _tell_anew(owner_url: str, people: int, seed: int) -> None:
    random = Random(seed)  # noqa: S311 -- fiction
    calendar = Calendar("Asia/Almaty", (6, 7), random)
    steward = raise_steward(owner_url, calendar)
    organisations = found(steward, calendar, more_workers(people), random)
    tell(tales(organisations, people, seed), organisations, calendar)
    with acting(steward) as user:
        record(unfinished.ACT, by=user, people=people, seed=seed)


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
