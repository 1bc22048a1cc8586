"""Secrets: each may come from a file, has a least length, is not repeated, and can change."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import certifi
import pytest
from flask import Flask

import config
from config import BadConfiguration, Config
from dev.settings_table import SECRETS
from tests.support.zamtel import ENVIRONMENT
from tests.test_config import PRODUCTION, SECRET, Load, load, problems
from zampay.infra import encryption

__all__ = ["load"]
OLD, NEW = "old-" + SECRET, "new-" + SECRET
VALUES = {
    "APP_ENV": "staging",
    "DATABASE_URL": "postgresql+psycopg://zampay@elsewhere/zampay",
    "DATABASE_URL_OWNER": "postgresql+psycopg://owner@elsewhere/zampay",
    "DEAD_MAN_PING_URL": "https://ping.example/a",
    "PUBLIC_URL": "https://pay.example",
    "REDIS_URL": "rediss://elsewhere/0",
    "SENTRY_DSN": "https://public@sentry.example/1",
    "CORS_ALLOWED_ORIGINS": "https://shop.example",
    "CALLBACK_ALLOWED_SOURCES": "192.0.2.0/24",
    "LOG_LEVEL": "ERROR",
    "METRICS_HOST": "192.0.2.1",
    "RATE_LIMIT_PER_KEY": "7/second",
    "RATE_LIMIT_PER_ADDRESS": "7/second",
    "RATE_LIMIT_PER_TENANT": "7/second",
    "REGISTRATION_OPEN": "false",
    "SHARED_WALLETS": "true",
    "REGISTRATION_ACTIVATES": "true",
    "SUBMIT_LEASE_S": "70",
    "MTN_BASE_URL": "https://elsewhere.example",
    "MTN_TARGET_ENVIRONMENT": "mtnuganda",
    "MTN_COLLECTION_API_USER": "7d1c4b0f-3d5a-4c0e-9a43-2f7b8f1f1a01",
    "MTN_CALLBACK_BASE_URL": "https://callbacks.example",
    "MTN_CA_BUNDLE": certifi.where(),
    "AIRTEL_BASE_URL": "https://elsewhere.example",
    "AIRTEL_CLIENT_ID": "another-" + SECRET,
    "AIRTEL_CALLBACK_BASE_URL": "https://callbacks.example",
    "AIRTEL_CALLBACK_TOKEN": "7" * 40,
    "AIRTEL_SIGN_MESSAGES": "true",
    "AIRTEL_PAYMENTS_PATH": "/merchant/v2/payments/",
    "AIRTEL_CA_BUNDLE": certifi.where(),
    "ZAMTEL_BASE_URL": "https://elsewhere.example",
    "ZAMTEL_CA_BUNDLE": certifi.where(),
    "ZAMTEL_SEND_REFERENCE": "true",
    "ZAMTEL_STATUS_BASE_URL": "https://elsewhere.example/orders?id=",
}
AIRTEL = {
    "AIRTEL_BASE_URL": "https://airtel.example",
    "AIRTEL_CLIENT_ID": SECRET,
    "AIRTEL_CLIENT_SECRET": SECRET,
}
GIVEN = {**PRODUCTION, **AIRTEL, **ENVIRONMENT, "METRICS_TOKEN": SECRET}
NETWORK_KEYS = ["MTN_COLLECTION_SUBSCRIPTION_KEY", "MTN_COLLECTION_API_KEY"]
KEYS = ["SECRET_KEY", "SECRET_KEY_PREVIOUS", "METRICS_TOKEN"]


def names() -> list[str]:
    known = config.Environment()
    config.read(known)
    return known.names()


def value_of(name: str) -> str:
    """Something that differs from the default and from what is given."""
    if name in VALUES:
        return VALUES[name]
    return NEW if name in SECRETS else "7"


@pytest.mark.parametrize("name", names())
def test_every_variable_may_come_from_a_file(load: Load, tmp_path: Path, name: str) -> None:
    file = tmp_path / "mounted"
    file.write_text(f"{value_of(name)}\n", encoding="utf-8")
    from_file = load(GIVEN, **{name: None, f"{name}_FILE": str(file)})
    assert from_file == load(GIVEN, **{name: value_of(name)})
    assert from_file != load(GIVEN)


@pytest.mark.parametrize("name", ["SECRET_KEY", "METRICS_TOKEN", "SENTRY_DSN", "DATABASE_URL"])
@pytest.mark.parametrize("content", ["", " \n"])
def test_an_empty_file_is_said_and_not_taken_for_nothing_wanted(
    load: Load, tmp_path: Path, name: str, content: str
) -> None:
    file = tmp_path / "mounted"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(BadConfiguration, match=f"{name}: The file that {name}_FILE names is empty"):
        load(GIVEN, **{name: None, f"{name}_FILE": str(file)})


@pytest.mark.parametrize(
    "name", [name for name in names() if name.endswith(("_BASE_URL", "_CALLBACK_BASE_URL"))]
)
def test_outside_development_a_network_is_reached_and_calls_back_over_tls(
    load: Load, name: str
) -> None:
    assert problems(load, GIVEN, **{name: "http://elsewhere.example"}) == {name}


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize("value", ["0123456789abcdef0123456789abcde", "a" * 64, "ab" * 32])
def test_key_material_is_long_and_not_one_key_held_down(load: Load, name: str, value: str) -> None:
    assert problems(load, GIVEN, **{name: value}) == {name}


@pytest.mark.parametrize("app_env", ["staging", "production"])
@pytest.mark.parametrize("name", NETWORK_KEYS)
def test_a_network_s_key_that_was_cut_off_stops_the_start(
    load: Load, name: str, app_env: str
) -> None:
    given = {**GIVEN, "APP_ENV": app_env}
    assert problems(load, given, **{name: SECRET[:-1]}) == {name}
    assert load(given, **{name: SECRET}).app_env == app_env


@pytest.mark.parametrize("name", NETWORK_KEYS)
def test_in_development_a_network_s_key_may_be_short(load: Load, name: str) -> None:
    for app_env in ("development", "test"):
        assert load(GIVEN, **{name: "short", "APP_ENV": app_env}).is_development


@pytest.mark.parametrize("name", NETWORK_KEYS)
def test_the_message_on_a_network_s_key_shows_nothing_of_it(load: Load, name: str) -> None:
    with pytest.raises(BadConfiguration) as refused:
        load(GIVEN, **{name: "opensesame"})
    told = f"  {name}: must have at least 32 characters, as MTN's keys have"
    assert str(refused.value).splitlines()[1:] == [told]


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_no_message_repeats_a_secret(load: Load, name: str) -> None:
    with pytest.raises(BadConfiguration) as refused:
        load({**GIVEN, "APP_ENV": "nowhere"}, **{name: "opensesame"})
    assert "opensesame" not in str(refused.value)


def test_a_port_for_metrics_needs_the_token(load: Load) -> None:
    assert problems(load, PRODUCTION, METRICS_PORT="9100") == {"METRICS_TOKEN"}
    assert load(GIVEN, METRICS_PORT="9100").metrics_port == 9100


def test_the_level_of_the_log_follows_the_environment(load: Load) -> None:
    levels = {name: load(GIVEN, APP_ENV=name).log_level for name in map(str, config.AppEnv)}
    assert levels == {
        "development": "INFO",
        "test": "WARNING",
        "staging": "INFO",
        "production": "INFO",
    }
    assert load(GIVEN, LOG_LEVEL="DEBUG").log_level == "DEBUG"


def opened(settings: Config) -> Callable[[str], str]:
    app = Flask("rotation")
    encryption.init(app, secret_keys=list(settings.secret_keys))
    with app.app_context():
        return lambda stored: _in(app, stored)


def _in(app: Flask, stored: str) -> str:
    with app.app_context():
        return encryption.decrypt(stored)


def test_the_secret_key_changes_without_a_break(load: Load) -> None:
    """Old alone, then old encrypts and new decrypts too, then new encrypts, then new alone."""
    steps = [
        load(GIVEN, SECRET_KEY=OLD),
        load(GIVEN, SECRET_KEY=OLD, SECRET_KEY_PREVIOUS=NEW),
        load(GIVEN, SECRET_KEY=NEW, SECRET_KEY_PREVIOUS=OLD),
    ]
    encrypted = []
    for step in steps:
        app = Flask("rotation")
        encryption.init(app, secret_keys=list(step.secret_keys))
        with app.app_context():
            encrypted.append(encryption.encrypt("whsec_x"))
    for earlier, later in ((0, 1), (1, 2), (2, 1)):
        assert opened(steps[later])(encrypted[earlier]) == "whsec_x"
    alone = replace(steps[2], secret_keys=(NEW,))
    assert opened(alone)(encrypted[2]) == "whsec_x"
    with pytest.raises(encryption.CannotDecrypt):
        opened(alone)(encrypted[0])
