"""The long fault battery: a table, and the same as JSON in the last line; exit code 1 when anything is wrong.

python -m tests.load.faults [--rounds 50] [--seed N] [--only "kill -9 web; disk full"]
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from tests.load import battery
from tests.load.strikes import STRIKES

HEADS = (
    "fault",
    "struck",
    "acknowledged",
    "unack.",
    "found",
    "lost",
    "doubled",
    "service s",
    "longest",
    "news s",
    "longest",
)


def main() -> int:
    """Run it; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.load.faults", description=__doc__)
    parser.add_argument("--rounds", type=int, default=50, help="how often each fault strikes (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="decides order and moments")
    parser.add_argument("--only", default="", help="some faults by name, with semicolons between")
    asked = parser.parse_args()
    names = [name.strip() for name in asked.only.split(";") if name.strip()]
    strikes = [one for one in STRIKES if not names or one.name in names]
    if len(strikes) < len(names):
        parser.error(f"the faults are: {'; '.join(one.name for one in STRIKES)}")
    _say(f"seed {asked.seed}")
    with tempfile.TemporaryDirectory(prefix="caseflow-faults-") as folder:
        Path(folder).chmod(0o755)
        report = battery.run(Path(folder) / "house", asked.rounds, strikes=strikes, seed=asked.seed, say=_say)
    told = report.as_json() | {"rounds": asked.rounds, "seed": asked.seed}
    print(table(told))
    print(json.dumps(told))
    return 0 if report.right else 1


def table(told: dict[str, object]) -> str:
    """The figures as lines of a table, and in words what they do not hold."""
    lines = [HEADS]
    rows = [*told["faults"].items(), ("all", told["all"])]  # type: ignore[attr-defined]
    names = ("struck", "acknowledged", "unacknowledged", "found", "lost", "doubled")
    times = ("service_median_s", "service_longest_s", "news_median_s", "news_longest_s")
    for fault, one in rows:
        lines.append(
            (fault, *(f"{one.get(name, ''):,}" if one.get(name) is not None else "" for name in (*names, *times)))
        )
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    text = ["  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]) for line in lines]
    text.append(f"news: {told['news']}")
    text.append(f"audit: {told['audit']}")
    text += [f"LEFT OUT: {name}" for name in told["left_out"]]  # type: ignore[attr-defined]
    text += [f"TROUBLE: {fault}: {what}" for fault, one in rows for what in one.get("troubles", [])]
    text.append("all is right" if told["right"] else "SOMETHING IS WRONG")
    return "\n".join(text)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
