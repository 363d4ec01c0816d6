"""Master keys: what one seals, all that are held open; a missing or a wrong one is told in one line."""

import base64

import pytest
from flask import Flask

from caseflow.config import Config, ConfigError
from caseflow.core import master_keys
from caseflow.core.master_keys import MasterKeyError, seal, unseal
from tests.core.test_config import ENOUGH


def spelled(**keys: bytes) -> str:
    return ",".join(f"{name}:{base64.b64encode(key * 32).decode()}" for name, key in keys.items())


def an_app(**keys: bytes) -> Flask:
    app = Flask("keys")
    app.extensions["caseflow"] = Config.from_env(ENOUGH | {"CASEFLOW_MASTER_KEYS": spelled(**keys)})
    return app


def test_what_an_older_key_sealed_still_opens() -> None:
    with an_app(old=b"o").app_context():
        sealed = seal(b"secret", b"about")
        assert b"secret" not in sealed
        assert seal(b"secret", b"about") != sealed
    with an_app(new=b"n", old=b"o").app_context():
        assert unseal(sealed, b"about") == b"secret"
        with pytest.raises(MasterKeyError, match="was changed"):
            unseal(sealed, b"about something else")
        with pytest.raises(MasterKeyError, match="was changed"):
            unseal(sealed[:-1] + bytes([sealed[-1] ^ 1]), b"about")
        with pytest.raises(MasterKeyError, match="is not"):
            unseal(b"")
    with an_app(new=b"n").app_context(), pytest.raises(MasterKeyError, match="lacks the key old"):
        unseal(sealed, b"about")
    with an_app(old=b"x").app_context(), pytest.raises(MasterKeyError, match="is not the one that sealed"):
        unseal(sealed, b"about")


def test_names_tell_another_key_under_the_same_id() -> None:
    with an_app(k1=b"a").app_context():
        [name] = master_keys.names()
        assert name.startswith("k1-")
        assert master_keys.missing({name: 3}) is None
    with an_app(k1=b"b").app_context():
        line = master_keys.missing({name: 3})
    assert line is not None
    assert f"lacks {name} (3 keys)" in line


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("k1", "32"),
        ("k1:" + "A" * 40, "30 bytes"),
        ("k1:?", "not base64"),
        (spelled(k1=b"a") + "," + spelled(k1=b"b"), "twice"),
        (":" + "A" * 43 + "=", "the id of no. 1"),
        (spelled(k1=b"a") + ",K 2:" + "A" * 43 + "=", "the id of no. 2"),
    ],
)
def test_a_wrong_setting_is_told_without_the_key(value: str, said: str) -> None:
    with pytest.raises(ConfigError) as told:
        Config.from_env(ENOUGH | {"CASEFLOW_MASTER_KEYS": value})
    assert str(told.value).startswith("CASEFLOW_MASTER_KEYS ")
    assert said in str(told.value)
    assert "AAAA" not in str(told.value)


def test_the_keys_do_not_show_in_the_repr_and_the_lookup_key_stands_alone() -> None:
    assert "AAAA" not in repr(Config.from_env(ENOUGH))
    assert b"\0" * 8 not in repr(Config.from_env(ENOUGH)).encode()
    with pytest.raises(ConfigError, match="CASEFLOW_LOOKUP_KEY must differ"):
        Config.from_env(ENOUGH | {"CASEFLOW_LOOKUP_KEY": "w" * 32})
