"""Read by every Python of a house whose clock can be set: libfaketime 0.9.10 refuses the sleep of Python ≥ 3.11.

`time.sleep` asks the system to wake it at a moment of the monotonic clock, which that version takes for one of the
clock that it sets, and gives "Invalid argument"; waiting on nothing by `select` knows no moment, only how long.
"""

import select
import time


def _sleep(seconds: float, /) -> None:
    select.select((), (), (), seconds)


time.sleep = _sleep  # type: ignore[assignment]
