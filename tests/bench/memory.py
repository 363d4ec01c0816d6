"""(e) What a web process holds after many pages, and whether it grows."""

import re
from http.cookiejar import CookieJar
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, build_opener

import psutil

from caseflow.demo.founding import PASSWORD
from tests.bench.figures import Figure
from tests.bench.place import COORDINATOR, LEADER, WORKER, Place
from tests.browser.house import House

TARGET, GROWTH = 160.0, 2.0  # MB of 1,000,000 bytes
PAGES = 1000


def measure(house: House, place: Place) -> list[Figure]:
    """What the one web process takes after a thousand pages, and what it gained over the next thousand.

    It shares most of its pages with the process that it was forked from and, on a real machine, with the others of its
    kind: what it takes is its share of those and what is its own (PSS); what it has in sight is told beside it.
    """
    [process] = psutil.Process(house.processes["serve"].pid).children()
    readers = {email: _sign_in(house.address, email) for email in (WORKER, LEADER, COORDINATOR)}
    case = next(visit.path for visit in place.visits() if visit.what == "case page")
    ways = [(visit.email, visit.path) for visit in place.visits()]
    ways += [(WORKER, path) for path in ("/", f"{case}/timeline", f"{case}/needs", f"{case}/plan", f"{case}/notes")]
    ways += [(COORDINATOR, "/"), (COORDINATOR, "/directory"), (LEADER, "/"), (WORKER, f"{case}/referrals/new")]
    held = []
    for _ in range(2):
        for number in range(PAGES):
            email, path = ways[number % len(ways)]
            readers[email].open(house.address + path).read()
        held.append(process.memory_full_info())
    share, unique = held[0].pss / 1e6, held[0].uss / 1e6
    gained = (held[1].uss - held[0].uss) / 1e6
    after = f"its own alone {unique:.1f} MB, resident {held[0].rss / 1e6:.1f} MB"
    return [
        Figure("e", f"a web process after {PAGES:,} pages", share, "MB", TARGET, after),
        Figure("e", f"growth over the next {PAGES:,}", gained, "MB", GROWTH, f"resident {held[1].rss / 1e6:.1f} MB"),
    ]


def _sign_in(address: str, email: str) -> OpenerDirector:
    opener = build_opener(HTTPCookieProcessor(CookieJar()))
    page = opener.open(f"{address}/sign-in").read().decode()
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token, "the sign-in page has no form"
    form = {"csrf_token": token[1], "email": email, "password": PASSWORD}
    opener.open(f"{address}/sign-in", urlencode(form).encode())
    return opener
