"""x"""

import time
from pathlib import Path

from caseflow.people.actions.register import import_rows
from caseflow.people.register.mapping import Mapping, shipped
from caseflow.people.register.reading import open_table
from tests.cast import Cast

IOWA = Path("/work/shared/data/iowa-releases-2010-2015.csv")


def test_iowa(cast: Cast) -> None:
    org = cast.organisation("almaty")
    with cast.app.app_context():
        for dry in (True, False, False):
            t = time.time()
            u = time.process_time()
            n = []
            c = import_rows(
                open_table(IOWA),
                Mapping.load(shipped()["iowa"]),
                org_id=org,
                dry_run=dry,
                progress=lambda c: n.append(time.time()),
            )
            print(c, time.time() - t, "cpu", time.process_time() - u, "first5", n[5] - t, "last5", n[-1] - n[-6])
    assert 0
