"""Our own static rules (semgrep.yml): each fires on a sample of what it forbids and is silent beside it."""

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
SEMGREP = [str(Path(sys.executable).parent / "semgrep"), "scan", "--metrics=off", "--disable-version-check", "--json"]

# Each line that ends in a rule's name must be found by that rule, and no other line by any.
SAMPLES = {
    "caseflow/room/views.py": """
import pickle
import requests
import ssl
import subprocess
import flask
from flask import redirect, render_template_string, request, url_for
from markupsafe import Markup
from sqlalchemy import text
from caseflow.core import logs
from caseflow.core.web import csrf, inside

def view(db, form, log, person, name, row):
    db.session.execute(text(f"SELECT 1 WHERE name = '{name}'"))  # sql-by-formatting
    db.session.execute(text("SELECT 1 WHERE name = :name"), {"name": name})
    row.execute("SELECT '%s'" % name)  # sql-by-formatting
    row.execute("SELECT '{}'".format(name))  # sql-by-formatting
    Markup(name)  # markup-of-a-value
    Markup("<b>{}</b>").format(name)
    Markup(f"<b>{name}</b>")  # markup-of-a-value
    db.session.commit()  # commit-by-hand
    print(name)  # print
    log.info("opened %s", person.name)  # personal-field-in-a-log
    log.info("opened %s", person.id)
    logs.tell(log, 20, "opened", who=person.email)  # personal-field-in-a-log
    requests.get("https://example.org")  # outgoing-request-without-a-timeout
    requests.get("https://example.org", timeout=5)
    requests.get("https://example.org", timeout=5, verify=False)  # certificate-not-checked
    requests.get(request.args["url"], timeout=5)  # request-to-an-address-that-was-sent
    requests.post(form.hook.data, timeout=5)  # request-to-an-address-that-was-sent
    form.populate_obj(row)  # all-fields-at-once
    row.update(**request.form)  # all-fields-at-once
    eval(name)  # code-from-data
    pickle.loads(name)  # code-from-data
    render_template_string(name)  # code-from-data
    subprocess.run(name, shell=True)  # code-from-data
    redirect(url_for("home", next=request.args.get("next")))
    redirect(inside(request.form.get("next")) or url_for("home"))
    target = request.form.get("next", "")
    if target.startswith("/"):
        return redirect(target)  # open-redirect
    return redirect(form.next.data)  # open-redirect

@csrf.exempt  # csrf-exempt
def hook():
    return redirect(request.referrer)  # open-redirect
""",
    "caseflow/room/actions.py": """
import flask
from flask import request, session
from flask_login import current_user

def act(by):
    request.form["name"]  # request-in-an-action
    session["x"] = 1  # request-in-an-action
    current_user.id  # request-in-an-action
    return by.id
""",
    "caseflow/room/templates/room/page.html": """
<p>{{ name|safe }}</p>  {# safe-filter #}
<p>{{ name }}, safe</p>
{% autoescape false %}{% endautoescape %}  {# safe-filter #}
""",
}


def test_each_rule_fires_on_its_sample_and_nowhere_else(tmp_path: Path) -> None:
    wanted = set()
    for name, sample in SAMPLES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(sample)
        for number, line in enumerate(sample.split("\n"), 1):
            if marked := re.search(r"# ([a-z-]+)(?: #\})?$", line):
                wanted.add((name, number, marked[1]))
    told = subprocess.run(
        [*SEMGREP, "--no-git-ignore", "--config", str(ROOT / "semgrep.yml"), "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    answer = json.loads(told.stdout)
    assert answer["errors"] == []
    found = {(one["path"], one["start"]["line"], one["check_id"].rsplit(".", 1)[-1]) for one in answer["results"]}
    assert found == wanted
    rules = set(re.findall(r"(?m)^  - id: (\S+)$", (ROOT / "semgrep.yml").read_text()))
    assert {rule for *_, rule in found} == rules
