"""The dependency audit: silence of a source is never taken for "nothing known"."""

import json
import subprocess
import sys
from pathlib import Path

from tests.audit_dependencies import CLEAN, UNKNOWN, WEAK, judge_npm, judge_python, run

ROOT = Path(__file__).parents[1]


def test_no_answer_is_not_checked() -> None:
    for output in ("", "not json", "{}", "[]", '{"dependencies": []}'):
        assert judge_python(1, output, "ConnectionError: no route").state == UNKNOWN
        assert judge_npm(1, output, "ENOTFOUND").state == UNKNOWN
    assert "ConnectionError: no route" in judge_python(1, "", "ConnectionError: no route").words
    skipped = json.dumps({"dependencies": [{"name": "flask", "skip_reason": "not found"}]})
    assert judge_python(0, skipped, "").state == UNKNOWN


def test_answers_are_told_apart() -> None:
    clean = {"dependencies": [{"name": "flask", "version": "3.1", "vulns": []}]}
    weak = {"dependencies": [{"name": "flask", "version": "0.1", "vulns": [{"id": "CVE-1"}]}]}
    assert judge_python(0, json.dumps(clean), "").state == CLEAN
    assert judge_python(1, json.dumps(weak), "").state == WEAK
    assert "flask 0.1: CVE-1" in judge_python(1, json.dumps(weak), "").words
    assert judge_npm(0, '{"metadata": {"vulnerabilities": {"total": 0}}}', "").state == CLEAN
    assert judge_npm(1, '{"metadata": {"vulnerabilities": {"total": 2}}}', "").state == WEAK


def test_missing_tool_is_told() -> None:
    assert run(["no-such-tool-of-ours"])[0] == 127
    assert judge_npm(*run(["no-such-tool-of-ours"])).state == UNKNOWN


def test_without_a_network_it_fails_and_says_so() -> None:
    nowhere = {"HTTPS_PROXY": "http://127.0.0.1:1", "HTTP_PROXY": "http://127.0.0.1:1", "PATH": "/nowhere"}
    told = subprocess.run(
        [sys.executable, "-m", "tests.audit_dependencies"],
        cwd=ROOT,
        env=nowhere,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert told.returncode == UNKNOWN
    assert told.stdout.count("NOT CHECKED") == 2
    assert "clean" not in told.stdout
