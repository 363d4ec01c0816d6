"""The matrix: every route × every account × whose thing its address names; expected is what the permission page says.

Allowed is a page, a redirect or a refused form; not permitted is 403; not one's own is 404, with no mark of its owner;
never is 500. Nothing is kept: what a probe writes is taken back (tests/trust/asking.py).
"""

import os
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice

import pytest

from caseflow.accounts.permissions import Role
from tests.trust.asking import Asker, kept_nothing
from tests.trust.routes import (
    BUTTONS,
    GONE_ALREADY,
    NEVER_THERE,
    NOTHING_THERE,
    Route,
    kind,
    reaches,
    relation,
    routes,
    value,
)
from tests.trust.scene import ACCOUNTS, MARK, Account, Scene, World, accounts_of_the_cast
from tests.trust.seeing import may_read

LONG = os.environ.get("ATTACKS") == "long"
# `make test` asks as one account of each side of the wall; `make attacks` as all of them.
ASKING = list(ACCOUNTS) if LONG else ["coordinator", "kamqor_deputy", "auditor", "deputy", "stranger", "nobody"]
# What is nobody's answers alike whoever asks: in `make test` one of the sender's side asks, and one of the receiver's.
THOROUGH = set(ACCOUNTS) if LONG else {"kamqor_deputy", "deputy"}
DONE = {200, 302, 409, 422}  # a page; done, or on to another page; too late or twice; a form that was refused
NO_IDS = ("0", "00000000-0000-0000-0000-00000000000g", "..%2f..%2fetc%2fpasswd", "'%20OR%201=1--", "%00", "%D9%A1")


def few(scene: Scene) -> list[World]:
    """Whose things are asked for by an account that may not use the route at all: the answer is the same for all."""
    return [scene.worlds[name] for name in ("w1",)]


class Probe:
    """One question: the address, what it should answer, and whose thing it names."""

    __slots__ = ("expected", "label", "path", "route")

    def __init__(self, route: Route, path: str, expected: set[int], label: str) -> None:
        self.route, self.path, self.expected, self.label = route, path, expected, label


def probes(scene: Scene, account: Account, all_routes: list[Route]) -> Iterator[Probe]:
    """All questions of one account."""
    for place, route in enumerate(all_routes):
        denied = _denied(account, route)
        if not route.parameters:
            done = {404} if route.endpoint in NEVER_THERE else DONE | {400} if route.endpoint in BUTTONS else DONE
            yield Probe(route, route.path({}), denied or done, "no id")
            continue
        things = {name: kind(route, prefix, name) for _, name, prefix in route.parameters}
        asked: set[str] = set()
        # From another one on for each route: the short form asks once for each relation to a thing.
        for world in scene.turned(place) if LONG or denied is None else few(scene):
            probe = _of(account, route, things, world, denied)
            # Who may not use the route is refused before anything of the address is read: once for each relation.
            if (LONG and denied is None) or probe.label not in asked:
                asked.add(probe.label)
                yield probe
        nobodys = {name: thing[1:] if thing.startswith("=") else str(uuid.uuid4()) for name, thing in things.items()}
        if account.name not in THOROUGH:
            continue
        if LONG or denied is None:
            missing = DONE if route.endpoint in GONE_ALREADY else {404}
            yield Probe(route, route.path(nobodys), denied or missing, "unknown id")
        for wrong in NO_IDS[: (6 if LONG else 1) if denied is None else int(LONG)]:
            yield Probe(route, route.path(dict.fromkeys(things, wrong)), {404, 308}, "malformed id")
        if len(things) > 1 and denied is None:
            yield from _swapped(scene, route, things)


def _denied(account: Account, route: Route) -> set[int] | None:
    """What an account answers that may not use the route at all; None where it may."""
    if route.permission is None:
        return None
    if account.role is None or not account.active:
        return {401} if route.for_programs else {302}
    return None if account.may(route.permission) else {403}


def _of(account: Account, route: Route, things: dict[str, str], world: World, denied: set[int] | None) -> Probe:
    """The question for the things of one world."""
    found = {name: value(world, thing) for name, thing in things.items()}
    values = {name: str(one or uuid.uuid4()) for name, one in found.items()}
    reached = all(reaches(account, world, thing, route.permission) for thing in things.values())
    label = relation(account, world, reached)
    there = None not in found.values() and not NOTHING_THERE.get(route.endpoint, lambda _: False)(world)
    done = DONE | {400} if route.endpoint in BUTTONS else DONE
    reached = reached and there and route.endpoint not in NEVER_THERE
    expected = denied or (done if reached or route.endpoint in GONE_ALREADY else {404})
    return Probe(route, route.path(values), expected, label)


def _swapped(scene: Scene, route: Route, things: dict[str, str]) -> Iterator[Probe]:
    """A case of one world with the thing of another: never."""
    outer, *inner = things
    if any(things[name].startswith("=") for name in inner):
        return
    worlds = list(scene.worlds.values())
    for place, one in enumerate(worlds):
        for other in (worlds[place - back] for back in ((1, 2, 4) if LONG else (1,))):
            if one is other or any(value(other, things[name]) is None for name in inner):
                continue
            if value(one, things[outer]) == value(other, things[outer]):
                continue  # another case of the same colleague
            values = {outer: str(value(one, things[outer]))}
            values |= {name: str(value(other, things[name])) for name in inner}
            yield Probe(route, route.path(values), {404}, "swapped")


@pytest.mark.parametrize("name", ASKING)
def test_every_route_answers_as_the_permission_page_and_the_scope_say(
    scene: Scene, name: str, record_property: Callable[[str, object], None]
) -> None:
    account = ACCOUNTS[name]
    asker = Asker(scene.app, None if account.role is None else name, leaves=not account.active, cast=scene.cast)
    wrong, asked = [], Counter[str]()
    with kept_nothing():
        for probe in probes(scene, account, routes(scene.app)):
            answer = asker.ask(probe.route.method, probe.path)
            asked[probe.label] += 1
            if answer.status_code not in probe.expected:
                wrong.append(f"{probe.route.method} {probe.path} ({probe.label}): {answer.status_code}")
            body = answer.get_data(as_text=True)
            for world, what in set(MARK.findall(body)):
                if not may_read(account, scene.worlds[world], what):
                    wrong.append(f"{probe.route.method} {probe.path} ({probe.label}): mark {world} {what}")
    for label, count in asked.items():
        record_property(f"probes:matrix:{label}", count)
    assert not wrong, f"{len(wrong)} of {asked.total()} for {name}:\n" + "\n".join(islice(wrong, 40))


def test_there_are_at_least_20_000_questions(scene: Scene) -> None:
    all_routes = routes(scene.app)
    assert sum(1 for account in ACCOUNTS.values() for _ in probes(scene, account, all_routes)) >= 20_000


def test_every_role_has_an_account_that_asks() -> None:
    assert {one.role for one in accounts_of_the_cast()} == {*Role, None}
