"""compose.yaml and the Dockerfile: nothing of ours runs as root, writes to its own image or gains a right."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from caseflow.config import describe

ROOT = Path(__file__).parents[1]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
OURS = {name for name, service in COMPOSE["services"].items() if service["image"].startswith("caseflow:")}


def test_our_services_are_known() -> None:
    assert {"web", "worker", "cron", "migrate", "roles"} == OURS


@pytest.mark.parametrize("name", sorted(OURS))
def test_our_containers_have_no_right_and_a_read_only_root(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    [temporary] = service["tmpfs"]
    assert temporary.startswith("/tmp:")
    assert {"noexec", "nosuid", "nodev"} <= set(re.split("[:,]", temporary))
    assert not {"privileged", "pid", "network_mode", "user", "volumes", "devices"} & set(service)


@pytest.mark.parametrize("name", ["postgres", "redis"])
def test_servers_are_inside_and_gain_no_right(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["read_only"] is True
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["networks"] == ["inside"]
    assert "ports" not in service
    assert COMPOSE["networks"]["inside"]["internal"] is True


def test_only_the_web_server_is_reached_and_only_from_this_machine() -> None:
    ports = {name: service["ports"] for name, service in COMPOSE["services"].items() if "ports" in service}
    assert list(ports) == ["web"]
    assert all(port.startswith("127.0.0.1:") for port in ports["web"])


def test_secrets_come_by_file_and_each_only_where_it_is_needed() -> None:
    known = {name for name, _, _ in describe()} | {
        "SUPERUSER_DATABASE_URL",
        "CASEFLOW_OWNER_PASSWORD",
        "CASEFLOW_APP_PASSWORD",
    }
    for name in OURS:
        service = COMPOSE["services"][name]
        for setting, value in service["environment"].items():
            assert setting.removesuffix("_FILE") in known, setting
            if setting.endswith("_FILE"):
                assert value.removeprefix("/run/secrets/") in service["secrets"]
        powerful = {"owner_database_url", "superuser_database_url", "owner_password"} & set(service["secrets"])
        assert not powerful or name in {"migrate", "roles"}
    assert set(COMPOSE["secrets"]) >= {
        one for service in COMPOSE["services"].values() for one in service.get("secrets", [])
    }


def test_image_runs_as_nobody_special_and_holds_no_source_control() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    last = max(number for number, line in enumerate(lines) if line.startswith("FROM "))
    final = lines[last:]
    [user] = [line for line in final if line.startswith("USER ")]
    assert user == "USER 10001:10001"
    after = final[final.index(user) :]
    assert not [line for line in after if line.startswith(("RUN", "COPY", "ADD", "USER root"))]
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert ignored[0] == "*"
    assert not {"!.git", "!secrets", "!.data"} & set(ignored)
