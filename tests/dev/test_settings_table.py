"""docs/settings.md says what the code does, in each environment."""

import config
from config import AppEnv
from dev import settings_table


def test_every_variable_has_its_row() -> None:
    known = config.Environment()
    config.read(known)
    text = settings_table.document()
    assert [name for name in known.names() if f"\n| `{name}` |" not in text] == []


def test_defaults_are_those_of_each_environment() -> None:
    development, production = (
        settings_table.defaults(one) for one in (AppEnv.DEVELOPMENT, AppEnv.PRODUCTION)
    )
    assert (development["REGISTRATION_ACTIVATES"], production["REGISTRATION_ACTIVATES"]) == (
        "true",
        "false",
    )
    shared = (development["SHARED_WALLETS"], production["SHARED_WALLETS"])
    assert shared == ("true", "required")
    assert (development["MTN_BASE_URL"], production["MTN_BASE_URL"]) == ("-", "-")
    assert settings_table.defaults(AppEnv.TEST)["LOG_LEVEL"] == "WARNING"
    assert production["METRICS_TOKEN"] == "-"


def test_no_secret_has_a_default_anywhere() -> None:
    for app_env in AppEnv:
        found = settings_table.defaults(app_env)
        assert {found[name] for name in settings_table.SECRETS} <= {"required", "-"}
