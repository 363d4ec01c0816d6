"""The environment, read once: every problem is told at once, in words."""

from pathlib import Path

import pytest

from caseflow.config import Config, ConfigError, describe

ENOUGH = {
    "DATABASE_URL": "postgres://caseflow_app:secret@db/caseflow",
    "REDIS_URL": "redis://localhost:6379/0",
    "CASEFLOW_SECRET_KEY": "s" * 32,
    "CASEFLOW_WALL_KEY": "w" * 32,
    "CASEFLOW_LOOKUP_KEY": "l" * 32,
    "CASEFLOW_MASTER_KEYS": "k1:" + "A" * 43 + "=",
    "CASEFLOW_PUBLIC_URL": "https://caseflow.example.org/",
}


def problems(**changes: str | None) -> list[str]:
    environ = {name: value for name, value in (ENOUGH | changes).items() if value is not None}
    with pytest.raises(ConfigError) as told:
        Config.from_env(environ)
    return str(told.value).split("\n")


def test_defaults_are_as_described() -> None:
    config = Config.from_env(ENOUGH)
    assert config.session_hours == 12
    assert config.session_idle_minutes == 60
    assert config.upload_max_bytes == 64 * 2**20
    assert config.limits is True
    assert config.pgbouncer is False
    assert config.public_url == "https://caseflow.example.org"
    assert config.secure
    assert {name: default for name, default, _ in describe()}["CASEFLOW_SESSION_HOURS"] == "12"


def test_every_spelling_of_a_database_address_becomes_one() -> None:
    for scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        config = Config.from_env(ENOUGH | {"DATABASE_URL": f"{scheme}://u:p@h:5433/d"})
        assert config.database_url == "postgresql://u:p@h:5433/d"
        assert config.sqlalchemy_url == "postgresql+psycopg://u:p@h:5433/d"


def test_all_problems_are_told_at_once() -> None:
    told = problems(
        DATABASE_URL=None, CASEFLOW_SECRET_KEY="short", CASEFLOW_WEB_WORKERS="many", CASEFLOW_LIMITS="maybe"
    )
    assert len(told) == 4
    assert [line.split()[0] for line in told] == [
        "DATABASE_URL",
        "CASEFLOW_SECRET_KEY",
        "CASEFLOW_WEB_WORKERS",
        "CASEFLOW_LIMITS",
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://h/d"),
        ("DATABASE_URL", "postgresql://h"),
        ("DATABASE_URL", "postgresql://u:p@[h/d"),
        ("REDIS_URL", "localhost:6379"),
        ("CASEFLOW_PUBLIC_URL", "caseflow.example.org"),
        ("CASEFLOW_PUBLIC_URL", "https://example.org/caseflow"),
        ("CASEFLOW_SMTP_URL", "mail.example.org"),
        ("CASEFLOW_TRUSTED_PROXIES", "-1"),
        ("CASEFLOW_SESSION_HOURS", "0"),
        ("CASEFLOW_WEB_THREADS", "٤"),
        ("CASEFLOW_LOG_LEVEL", "LOUD"),
    ],
)
def test_a_wrong_value_is_refused_by_name(name: str, value: str) -> None:
    [told] = [line for line in problems(**{name: value}) if line.startswith(name)]
    assert "must" in told or "cannot be read" in told or "is not an address" in told


def test_a_password_in_a_wrong_address_is_not_repeated() -> None:
    assert "hunter2" not in "".join(problems(DATABASE_URL="mysql://u:hunter2@h/d"))


def test_secrets_do_not_show_in_the_repr() -> None:
    shown = repr(Config.from_env(ENOUGH))
    assert "s" * 32 not in shown
    assert "w" * 32 not in shown
    assert "secret@" not in shown


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("k" * 40 + "\n")
    environ = {name: value for name, value in ENOUGH.items() if name != "CASEFLOW_WALL_KEY"}
    config = Config.from_env(environ | {"CASEFLOW_WALL_KEY_FILE": str(tmp_path / "key")})
    assert config.wall_key == "k" * 40


def test_a_file_that_is_missing_empty_or_beside_a_value_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    [missing] = problems(CASEFLOW_WALL_KEY=None, CASEFLOW_WALL_KEY_FILE=str(tmp_path / "none"))
    [empty] = problems(CASEFLOW_WALL_KEY=None, CASEFLOW_WALL_KEY_FILE=str(tmp_path / "empty"))
    [both] = problems(CASEFLOW_WALL_KEY_FILE=str(tmp_path / "empty"))
    assert "cannot be read" in missing
    assert "is empty" in empty
    assert "both set" in both


def test_mail_needs_a_sender_and_the_keys_must_differ() -> None:
    assert problems(CASEFLOW_SMTP_URL="smtp://mail:25") == [
        "CASEFLOW_MAIL_FROM is not set: e-mails need a sender when CASEFLOW_SMTP_URL is set"
    ]
    assert problems(CASEFLOW_WALL_KEY="s" * 32) == ["CASEFLOW_WALL_KEY must differ from CASEFLOW_SECRET_KEY"]


def test_readme_mentions_every_setting() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    assert [name for name, _, _ in describe() if f"`{name}`" not in readme] == []
