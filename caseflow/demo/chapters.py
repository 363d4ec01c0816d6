"""The demo's chapters: who acts when, on what the chapter before left behind."""

import multiprocessing
import os
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, TypeVar

from tqdm import tqdm

from caseflow.accounts.models import User
from caseflow.accounts.permissions import Role
from caseflow.core.db import db
from caseflow.demo import casework, ending, handing_over, helping, referring, supervising
from caseflow.demo.clock import Calendar
from caseflow.demo.countries import COUNTRIES
from caseflow.demo.founding import Founded, Post, acting
from caseflow.demo.lives import Tale
from caseflow.demo.telling import deliver
from caseflow.tenancy.models import OrganisationKind

T = TypeVar("T")
BATCH = 10  # tales to a transaction
WORTH = 100  # people from which a second process saves time
HALVES = (("KZ", "TJ"), ("IQ", "KG"))


def tell(told: list[Tale], organisations: list[Founded], calendar: Calendar) -> None:
    """All tales; countries have nothing to do with each other, so that two processes share many of them."""
    if len(told) < WORTH or (os.cpu_count() or 1) < 2 or not hasattr(os, "fork"):
        _tell(told, organisations, calendar)
        return
    tqdm.monitor_interval = 0  # no thread while a process is forked
    parts = [
        (
            [tale for tale in told if tale.country.code in half],
            [one for one in organisations if one.country.code in half],
        )
        for half in HALVES
    ]
    other = multiprocessing.get_context("fork").Process(target=_tell_apart, args=(*parts[1], calendar), daemon=True)
    other.start()
    _tell(*parts[0], calendar)
    other.join()
    if other.exitcode:
        raise RuntimeError("the second half of the demo was not told; its error stands above")


def _tell_apart(told: list[Tale], organisations: list[Founded], calendar: Calendar) -> None:
    """In a process of its own, with connections of its own."""
    db.engine.dispose(close=False)
    _tell(told, organisations, calendar, quiet=True)


def _tell(told: list[Tale], organisations: list[Founded], calendar: Calendar, *, quiet: bool = False) -> None:
    """Chapter by chapter."""
    by_slug = {one.body.slug: one for one in organisations}
    held = [tale for tale in told if tale.service.body.kind is OrganisationKind.PRISON_SERVICE]
    supervised = [tale for tale in told if tale.service.body.kind is OrganisationKind.PROBATION_SERVICE]
    probation = {
        country.code: by_slug[slug]
        for country in COUNTRIES
        if (slug := country.body(OrganisationKind.PROBATION_SERVICE).slug) in by_slug
    }
    sent = [asked for tale in told for asked in tale.asked if asked.id is not None or asked.status is not None]
    total = 4 * len(told) + 2 * len(sent)
    with tqdm(total=total, desc="tales", disable=True if quiet else None) as progress:
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
