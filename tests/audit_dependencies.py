"""`make audit-dependencies`: known weaknesses in what we pin; a source that does not answer is said, never "ok"."""

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
SECONDS = 120
CLEAN, WEAK, UNKNOWN = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Answer:
    """What one source said: CLEAN, WEAK or UNKNOWN, and the words for the operator."""

    state: int
    words: str


def run(command: Sequence[str]) -> tuple[int, str, str]:
    """Exit code, output and errors of a tool; 127 when it is not there, 124 when it takes too long."""
    if shutil.which(command[0]) is None:
        return 127, "", f"{command[0]} is not installed"
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return 124, "", f"no answer within {SECONDS} s"
    return done.returncode, done.stdout, done.stderr


def judge_python(code: int, output: str, errors: str) -> Answer:
    """pip-audit's JSON: one that lists every package is an answer, anything else is none."""
    try:
        packages = json.loads(output)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return Answer(UNKNOWN, _reason(code, errors))
    skipped = [one["name"] for one in packages if "skip_reason" in one]
    weak = [f"{one['name']} {one['version']}: {v['id']}" for one in packages for v in one.get("vulns", [])]
    if weak:
        return Answer(WEAK, "\n  ".join([f"{len(weak)} known weaknesses", *weak]))
    if skipped or not packages:
        return Answer(
            UNKNOWN, f"no answer about {len(skipped)} of {len(packages)} packages: {', '.join(skipped[:5])} …"
        )
    return Answer(CLEAN, f"{len(packages)} packages, no known weakness")


def judge_npm(code: int, output: str, errors: str) -> Answer:
    """npm audit's JSON: one with counts is an answer, anything else is none."""
    try:
        counts = json.loads(output)["metadata"]["vulnerabilities"]
        total = int(counts["total"])
    except (ValueError, KeyError, TypeError):
        return Answer(UNKNOWN, _reason(code, errors or output))
    return Answer(WEAK, f"{total} known weaknesses: {counts}") if total else Answer(CLEAN, "no known weakness")


def _reason(code: int, errors: str) -> str:
    lines = [line.strip() for line in errors.strip().splitlines() if line.strip()]
    return f"the advisory source gave no answer (exit code {code}): {lines[0][:300] if lines else 'no words'}"


def main() -> int:
    """Ask both sources; exit code 0 only when both answered that nothing is known."""
    pip_audit = str(Path(sys.executable).parent / "pip-audit")
    # The versions stand in the lock file, so nothing is resolved or installed.
    lock = ["--requirement", "requirements-run.lock", "--disable-pip", "--require-hashes"]
    answers = {
        "Python": judge_python(*run([pip_audit, *lock, "--format", "json", "--progress-spinner", "off"])),
        "npm": judge_npm(*run(["npm", "audit", "--json", "--package-lock-only", "--omit=dev"])),
    }
    heads = {CLEAN: "clean", WEAK: "WEAK", UNKNOWN: "NOT CHECKED"}
    for source, answer in answers.items():
        print(f"{source}: {heads[answer.state]}: {answer.words}")
    states = {answer.state for answer in answers.values()}
    return WEAK if WEAK in states else max(states)


if __name__ == "__main__":
    sys.exit(main())
