"""Settings: read once, all problems in one message, and no insecure default outside development."""

import re
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

import config
from config import BadConfiguration, Config
from dev.environment import ROOT

SECRET = "0123456789abcdef0123456789abcdef"
MTN = {
    "MTN_BASE_URL": "https://mtn.example",
    "MTN_TARGET_ENVIRONMENT": "mtnzambia",
    "MTN_COLLECTION_SUBSCRIPTION_KEY": "1" + SECRET[1:],
    "MTN_COLLECTION_API_USER": "6d1c4b0f-3d5a-4c0e-9a43-2f7b8f1f1a01",
    "MTN_COLLECTION_API_KEY": "2" + SECRET[1:],
}
DEVELOPMENT = {
    "APP_ENV": "development",
    "DATABASE_URL": "postgresql://zampay@localhost/zampay",
    "REDIS_URL": "redis://localhost/0",
    "SECRET_KEY": SECRET,
}
REQUIRED = {**DEVELOPMENT, "APP_ENV": "production", "SHARED_WALLETS": "false"}
PRODUCTION = {**REQUIRED, **MTN}
MTN_CREDENTIALS = {name for name in MTN if "COLLECTION" in name}
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
Load = Callable[..., Config]


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Load:
    """`load(PRODUCTION, LOG_LEVEL="DEBUG")`: read exactly this environment; None leaves one out."""
    known = config.Environment()
    config.read(known)

    def read(base: dict[str, str], **changes: str | None) -> Config:
        for name in known.names():
            monkeypatch.delenv(name, raising=False)
            monkeypatch.delenv(f"{name}_FILE", raising=False)
        for name, value in {**base, **changes}.items():
            if value is not None:
                monkeypatch.setenv(name, value)
        return config.load()

    return read


def problems(load: Load, base: dict[str, str], **changes: str | None) -> set[str]:
    """The variables that the refusal of a start names."""
    with pytest.raises(BadConfiguration) as refused:
        load(base, **changes)
    first, *lines = str(refused.value).splitlines()
    assert first == "ZamPay cannot start:"
    return {line.strip().partition(":")[0] for line in lines}


def test_development_needs_four_variables_and_production_whose_money_it_is(load: Load) -> None:
    for base, shared in ((DEVELOPMENT, True), (REQUIRED, False)):
        found = load(base)
        assert (found.networks["MTN"], found.shared_wallets) == (None, shared)
    assert load(PRODUCTION, SHARED_WALLETS="true").shared_wallets
    assert not load(DEVELOPMENT, SHARED_WALLETS="false").shared_wallets


@pytest.mark.parametrize("value", [None, "", "perhaps"])
def test_nothing_but_a_word_of_the_operator_shares_wallets(load: Load, value: str | None) -> None:
    for app_env in ("production", "staging"):
        given = {**PRODUCTION, "APP_ENV": app_env}
        assert problems(load, given, SHARED_WALLETS=value) == {"SHARED_WALLETS"}


@pytest.mark.parametrize("app_env", ["production", "staging"])
@pytest.mark.parametrize("name", sorted(set(REQUIRED) - {"APP_ENV"}))
def test_outside_development_nothing_required_has_a_default(
    load: Load, app_env: str, name: str
) -> None:
    without = {**PRODUCTION, "APP_ENV": app_env}
    assert problems(load, without, **{name: None}) == {name}
    assert problems(load, without, **{name: ""}) == {name}
    assert problems(load, without, **{name: "   "}) == {name}


def test_without_an_environment_nothing_starts_and_all_is_said_at_once(load: Load) -> None:
    assert problems(load, {}) == set(REQUIRED)


def test_an_unknown_environment_is_treated_as_production(load: Load) -> None:
    assert problems(load, DEVELOPMENT, APP_ENV="prod") == {"APP_ENV", "SHARED_WALLETS"}


def test_every_problem_is_in_one_message(load: Load) -> None:
    wrong = {
        "APP_ENV": "live",
        "DATABASE_URL": "mysql://localhost/zampay",
        "DATABASE_POOL_SIZE": "many",
        "REDIS_URL": "memcached://localhost",
        "SECRET_KEY": "short",
        "LOG_LEVEL": "LOUD",
        "TRUSTED_PROXIES": "-1",
        "CALLBACK_ALLOWED_SOURCES": "192.0.2.0/24,nowhere",
        "REGISTRATION_OPEN": "perhaps",
        "RATE_LIMIT_PER_KEY": "lots",
        "SWEEP_INTERVAL_S": "0",
        "MTN_BASE_URL": "http://mtn.example",
        "MTN_TARGET_ENVIRONMENT": "moon",
        "MTN_COLLECTION_API_USER": "zampay",
        "MTN_POLLS_PER_S": "-1",
    }
    assert problems(load, PRODUCTION, **wrong) == set(wrong)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_POOL_SIZE", "1e5"),
        ("DATABASE_POOL_SIZE", "1.5"),
        ("DATABASE_POOL_SIZE", "0"),
        ("TRUSTED_PROXIES", "true"),
        ("METRICS_PORT", "65536"),
        ("METRICS_PORT", "http"),
        ("MTN_MAX_AMOUNT_NGWEE", "1e5"),
        ("CORS_ALLOWED_ORIGINS", "*"),
        ("CORS_ALLOWED_ORIGINS", "https://a.example/"),
        ("CORS_ALLOWED_ORIGINS", "https://a.example,,https://b.example"),
        ("SUBMIT_LEASE_S", "nan"),
        ("SUBMIT_LEASE_S", "inf"),
        ("SUBMIT_WINDOW_S", "-1"),
        ("RATE_LIMIT_PER_ADDRESS", "0/minute"),
        ("RATE_LIMIT_PER_ADDRESS", "10 per fortnight"),
        ("SECRET_KEY", "x" * 31),
        ("SECRET_KEY_PREVIOUS", "short"),
        ("SENTRY_DSN", "sentry"),
        ("MTN_CALLBACK_BASE_URL", "mtn.example"),
        ("MTN_COLLECTION_API_USER", "6d1c4b0f-3d5a-1c0e-9a43-2f7b8f1f1a01"),
    ],
)
def test_a_wrong_value_is_named(load: Load, name: str, value: str) -> None:
    assert name in problems(load, PRODUCTION, **{name: value})


@pytest.mark.parametrize("name", ["SECRET_KEY", "MTN_COLLECTION_API_USER", "DATABASE_URL"])
def test_a_message_never_repeats_a_secret(load: Load, name: str) -> None:
    with pytest.raises(BadConfiguration) as refused:
        load(PRODUCTION, **{name: "hunter2"})
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_a_database_may_be_called_as_heroku_calls_it(load: Load, scheme: str) -> None:
    url = f"{scheme}://user:pass@host:5432/name?sslmode=require"
    wanted = "postgresql+psycopg://user:pass@host:5432/name?sslmode=require"
    assert load(DEVELOPMENT, DATABASE_URL=url).database_url == wanted


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("redis://:pass@host:6379/0", ""),
        ("redis://[::1]", ""),
        ("rediss://:pass@host:6380/0", "?ssl_cert_reqs=required"),
        ("rediss://:p%2Fss@host", "?ssl_cert_reqs=required"),
        ("rediss://host?ssl_cert_reqs=none", ""),
        ("rediss://host/1?ssl_ca_certs=/dev/../etc/hosts", "&ssl_cert_reqs=required"),
    ],
)
def test_redis_may_be_behind_tls_and_every_client_reads_the_same(
    load: Load, url: str, read: str
) -> None:
    assert load(DEVELOPMENT, REDIS_URL=url).redis_url == url + read


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("rediss://:opensesame@host?ssl_cert_reqs=CERT_NONE", "must be one of none, optional"),
        ("rediss://:opensesame@host?ssl_cert_reqs=None", "must be one of none, optional"),
        ("rediss://:opensesame@host?ssl_cert_reqs=", "must be one of none, optional"),
        ("rediss://host?ssl_cert_reqs=required&ssl_cert_reqs=none", "names a parameter twice"),
        ("rediss://host?ssl_check_hostname=0", "must be one of false, true"),
        ("rediss://host?ssl_ca_certs=/nowhere/ca.pem", "ssl_ca_certs names no file"),
        ("rediss://host?db=1", "takes no other parameter"),
        ("redis://host?ssl_cert_reqs=none", "with rediss:// only"),
        ("redis://host/one", "must be such as"),
        ("redis://:open/sesame@host:6379/0", "must be such as"),
        ("redis://host:port", "must be such as"),
        ("redis://", "must be such as"),
    ],
)
def test_a_url_that_its_clients_read_differently_is_refused(
    load: Load, url: str, says: str
) -> None:
    with pytest.raises(config.BadConfiguration) as refused:
        load(DEVELOPMENT, REDIS_URL=url)
    assert says in str(refused.value)
    assert "sesame" not in str(refused.value)


def test_a_value_may_be_in_a_file(load: Load, tmp_path: Path) -> None:
    file = tmp_path / "database_url"
    file.write_text("postgres://zampay@files/zampay\n", encoding="utf-8")
    found = load(DEVELOPMENT, DATABASE_URL=None, DATABASE_URL_FILE=str(file))
    assert found.database_url == "postgresql+psycopg://zampay@files/zampay"


@pytest.mark.parametrize("content", [None, "", " \n"])
def test_a_file_that_holds_nothing_is_a_problem(
    load: Load, tmp_path: Path, content: str | None
) -> None:
    file = tmp_path / "secret"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    assert problems(load, DEVELOPMENT, SECRET_KEY=None, SECRET_KEY_FILE=str(file)) == {"SECRET_KEY"}


def test_an_empty_optional_variable_is_its_default(load: Load) -> None:
    names = {"DATABASE_POOL_SIZE", "SENTRY_DSN", "CORS_ALLOWED_ORIGINS", "RATE_LIMIT_PER_KEY"}
    assert load(DEVELOPMENT, **dict.fromkeys(names, "")) == load(DEVELOPMENT)


@pytest.mark.parametrize("base", [DEVELOPMENT, REQUIRED], ids=["development", "production"])
@pytest.mark.parametrize("name", sorted(MTN))
def test_a_network_is_configured_wholly_or_not_at_all(
    load: Load, base: dict[str, str], name: str
) -> None:
    assert load(base, **MTN).networks["MTN"].api_key == MTN["MTN_COLLECTION_API_KEY"]
    assert problems(load, {**base, **MTN}, **{name: None}) == {name}
    wanted = set(MTN) if name in MTN_CREDENTIALS else set(MTN) - MTN_CREDENTIALS
    assert problems(load, base, **{name: MTN[name]}) == wanted - {name}


def test_a_network_may_be_known_without_a_wallet_of_the_deployment(load: Load) -> None:
    address = {name: text for name, text in MTN.items() if name not in MTN_CREDENTIALS}
    found = load(REQUIRED, **address).networks["MTN"]
    assert (found.base_url, found.has_wallet) == (MTN["MTN_BASE_URL"], False)
    assert load(PRODUCTION).networks["MTN"].has_wallet


def test_settings_that_are_shown_show_no_credential(load: Load) -> None:
    shown = repr(load(PRODUCTION).networks)
    assert not any(MTN[name] in shown for name in MTN_CREDENTIALS)


def test_conveniences_end_with_development(load: Load) -> None:
    development, production = load(DEVELOPMENT), load(PRODUCTION)
    assert (development.is_development, production.is_development) == (True, False)
    assert (development.registration_activates, production.registration_activates) == (True, False)
    assert production.cors_allowed_origins == ()
    assert production.trusted_proxies == 0
    assert production.metrics_token is None


def test_durations_and_lists_are_read(load: Load) -> None:
    found = load(
        DEVELOPMENT,
        SUBMIT_LEASE_S="2.5",
        CORS_ALLOWED_ORIGINS="https://a.example, http://b.example:8080",
        CALLBACK_ALLOWED_SOURCES="192.0.2.0/24, 2001:db8::1",
    )
    assert found.submit_lease == timedelta(seconds=2.5)
    assert found.cors_allowed_origins == ("https://a.example", "http://b.example:8080")
    assert [str(one) for one in found.callback_sources] == ["192.0.2.0/24", "2001:db8::1/128"]


def test_outside_development_a_lease_leaves_time_for_a_whole_call(load: Load) -> None:
    assert load(PRODUCTION, SUBMIT_LEASE_S="50").submit_lease == timedelta(seconds=50)
    assert problems(load, PRODUCTION, SUBMIT_LEASE_S="49") == {"SUBMIT_LEASE_S"}
    assert problems(load, PRODUCTION, MTN_READ_TIMEOUT_S="41") == {"SUBMIT_LEASE_S"}


def test_the_example_names_every_variable_and_no_other(load: Load) -> None:
    env = config.Environment()
    load(DEVELOPMENT)
    config.read(env)
    assert re.findall(r"^#?([A-Z][A-Z0-9_]+)=", EXAMPLE, re.MULTILINE) != []
    assert sorted(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", EXAMPLE, re.MULTILINE)) == env.names()


def test_every_variable_of_the_example_has_a_line_of_its_own() -> None:
    lines = EXAMPLE.splitlines()
    for before, line in pairwise(lines):
        if re.match(r"#?[A-Z][A-Z0-9_]+=", line):
            assert re.match(r"# \S.*\.$", before), line


def test_the_examples_defaults_are_the_defaults(load: Load) -> None:
    """Uncommented, the optional lines change nothing in production."""
    optional = dict(re.findall(r"^#([A-Z][A-Z0-9_]+)=(.*)$", EXAMPLE, re.MULTILINE))
    assert load({**REQUIRED, **optional}) == load(REQUIRED)
