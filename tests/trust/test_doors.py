"""Every page has a door, every act a button: who may do it comes there from their home, by links alone."""

from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.exceptions import HTTPException

from tests.trust.asking import Asker, kept_nothing
from tests.trust.pages import parsed, sends
from tests.trust.routes import routes
from tests.trust.scene import Scene

# One of each role, and a leader who decides on what another proposed.
WHO = (
    "aigerim",
    "leader",
    "admin",
    "deputy",
    "auditor",
    "coordinator",
    "worker",
    "kamqor_leader",
    "officer",
    "oversight_auditor",
    "steward",
)
SOME = 1  # pages of one kind that each of them opens; of these kinds all, for what they offer hangs on their state
MANY = {
    "referrals.inbox": 9,
    "referrals.show": 20,
    "referrals.access": 20,
    "people.access": 4,
    "accounts.user": 9,
    "release.handover": 4,
}

# Pages that nobody of this scene is led to; each is tested by itself.
OTHERWISE = {
    # before one is signed in, or by a letter or a step that leads there
    *("accounts.sign_in", "accounts.second_step", "accounts.forgotten", "accounts.welcome", "accounts.confirm"),
    *("accounts.choose_provider", "accounts.to_provider", "accounts.from_provider", "accounts.confirm_totp"),
    # for programs and scripts of a page
    *("accounts.me", "health_live", "health_ready", "metrics", "people.import_progress"),
    # what the button on the page before it sends; by hand alone
    "referrals.withdraw_consent",
    # a state that nothing here is in
    *("people.reopen_case", "people.new_case_again", "people.leaver", "people.import_errors"),
    *("referrals.answer_request", "release.start", "rights.approve_access"),
}

# Acts whose button stands on a page that is reached, in a state that nothing here is in.
UNSENT = {
    *("accounts.accept_terms", "accounts.new_recovery_codes", "accounts.reactivate", "accounts.remove_factor"),
    *("accounts.reset_factors", "accounts.untie_provider", "accounts.withdraw_link", "audit.review"),
    *("people.exclude_declared", "people.give_back", "referrals.refer_again", "referrals.resume", "referrals.session"),
    *("release.tell_date", "rights.download", "rights.download_pdf", "rights.propose", "supervision.week"),
}


class Walk:
    """Where one account came by following what their pages offer."""

    def __init__(self, app: Flask, name: str) -> None:
        self.adapter = app.url_map.bind("localhost")
        self.asker = Asker(app, name)
        self.offered: set[str] = set()  # endpoints that are read
        self.sent_to: set[str] = set()  # endpoints that forms and buttons send to
        self.refused: list[str] = []
        self.opened: Counter[str] = Counter()
        with kept_nothing():
            self._walk()

    def _walk(self) -> None:
        waiting, known = [("/", True)], {"/"}
        while waiting:
            for address, boosted in self._offers(*waiting.pop(0)):
                endpoint = self._note(address)
                if endpoint and address not in known and self.opened[endpoint] < MANY.get(endpoint, SOME):
                    self.opened[endpoint] += 1
                    known.add(address)
                    waiting.append((address, boosted))

    def _offers(self, path: str, boosted: bool) -> Iterator[tuple[str, bool]]:
        answer = self.asker.ask("GET", path)
        if boosted and "Content-Disposition" in answer.headers:
            self.refused.append(f"{path}: htmx would write this file into the page")
        if answer.status_code in {302, 303}:
            yield answer.headers["Location"], boosted
        elif answer.status_code != 200:
            self.refused.append(f"{path}: {answer.status_code}")
        elif answer.mimetype == "text/html":
            page = parsed(answer.get_data(as_text=True))
            for method, address in sends(page, path):
                self._note(address, method)
            yield from ((_address(link), link.get("hx-boost") != "false") for link in page.iter("a"))

    def _note(self, address: str, method: str = "GET") -> str | None:
        try:
            endpoint, _values = self.adapter.match(urlsplit(address).path, method=method)
        except HTTPException:
            self.refused.append(f"{method} {address}: no such page")
            return None
        (self.offered if method == "GET" else self.sent_to).add(str(endpoint))
        return None if endpoint == "static" else str(endpoint)


def _address(link: Any) -> str:
    parts = urlsplit(link.get("href", ""))
    return "/" if parts.netloc else (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def test_every_page_and_act_is_reached_from_home_by_what_pages_offer(scene: Scene) -> None:
    walks = {name: Walk(scene.app, name) for name in WHO}
    offered = set().union(*(walk.offered for walk in walks.values()))
    pages = {one.endpoint for one in routes(scene.app) if one.method == "GET"}
    assert {name: walk.refused for name, walk in walks.items() if walk.refused} == {}, "what is offered is there"
    assert sorted((pages - offered) ^ OTHERWISE) == []
    sent_to = set().union(*(walk.sent_to for walk in walks.values()))
    acts = {one.endpoint for one in routes(scene.app) if one.method == "POST"}

    assert sorted((acts - sent_to - OTHERWISE) ^ UNSENT) == []
