"""Every setting of ZamPay: its name, its default, its check.

The environment is read once, as text, when a process starts; whatever is missing or wrong is said
in one message. Any variable may also be given as `NAME_FILE`, the path of a file that holds it.
"""

import contextlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from environs import FileAwareEnv, ValidationError, validate

from zampay.kernel import addresses, redis_url
from zampay.providers import registry

POSTGRESQL_SCHEMES = re.compile(r"^(postgres|postgresql|postgresql\+psycopg)://")
MIN_SECRET_LENGTH = 32
MIN_DIFFERENT_CHARACTERS = 8
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
HTTP_URL = re.compile(r"^https?://[^\s#]+$")
SENTRY_DSN = re.compile(r"^https?://[^\s@/]+@[^\s@]+/[0-9]+$")
ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?")
PUBLIC_URL = re.compile(r"^https://[A-Za-z0-9.-]+(:[0-9]{1,5})?/?$")
LIMIT = re.compile(r"^[1-9][0-9]*/(second|minute|hour|day)$")


class AppEnv(StrEnum):
    """Where this process runs; only `development` and `test` have any convenience default."""

    DEVELOPMENT = "development"
    TEST = "test"
    STAGING = "staging"
    PRODUCTION = "production"


LOG_LEVELS = {
    AppEnv.DEVELOPMENT: "INFO",
    AppEnv.TEST: "WARNING",
    AppEnv.STAGING: "INFO",
    AppEnv.PRODUCTION: "INFO",
}


class BadConfiguration(SystemExit):
    """The environment does not allow a start; the message lists every problem."""


class Environment(FileAwareEnv):
    """environs, with an empty or blank variable counted as absent, the blanks around a value left
    out (as in files), and every problem kept for one message.
    """

    def __init__(self) -> None:
        super().__init__(eager=False, strip_whitespace=True)

    def _get_value(self, env_key: str, default: Any) -> Any:
        try:
            value = super()._get_value(env_key, default)
        except ValueError as error:
            self.problem(env_key, str(error))
            return ""
        value = value.strip() if isinstance(value, str) else value
        if value != "":
            return value
        if os.environ.get(f"{env_key}{self.file_suffix}"):
            self.problem(env_key, f"The file that {env_key}{self.file_suffix} names is empty.")
        return default

    def problem(self, name: str, message: str) -> None:
        """Note one more thing that is wrong with a variable."""
        self._errors[name].append(message)

    def problems(self) -> dict[str, list[str]]:
        """Everything that is wrong so far, by variable."""
        return {name: list(dict.fromkeys(map(str, found))) for name, found in self._errors.items()}

    def names(self) -> list[str]:
        """Every variable read so far."""
        return sorted(self._fields)


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of one process; see `.env.example` for a line on each."""

    app_env: AppEnv
    database_url: str
    database_url_owner: str | None
    database_pool_size: int
    worker_concurrency: int
    redis_url: str
    secret_keys: tuple[str, ...]
    log_level: str
    sentry_dsn: str | None
    dead_man_ping_url: str | None
    metrics_token: str | None
    metrics_host: str
    metrics_port: int
    trusted_proxies: int
    public_url: str | None
    cors_allowed_origins: tuple[str, ...]
    callback_sources: tuple[addresses.Network, ...]
    registration_open: bool
    registration_activates: bool
    shared_wallets: bool
    limit_per_key: str
    limit_per_tenant: str
    limit_per_address: str
    number_max_open: int
    number_max_per_minute: int
    number_max_per_hour: int
    sweep_interval: timedelta
    submit_lease: timedelta
    submit_window: timedelta
    networks: Mapping[str, Any]

    @property
    def is_development(self) -> bool:
        """Whether conveniences (plain http callbacks, readable logs) are in order."""
        return self.app_env in {AppEnv.DEVELOPMENT, AppEnv.TEST}

    @property
    def app_role(self) -> str | None:
        """The role that web and worker connect as, where it is another than the owner's."""
        role, owner = (_role(url) for url in (self.database_url, self.database_url_owner))
        return role if owner is not None and role != owner else None


def _role(url: str | None) -> str | None:
    return urlsplit(url).username if url else None


def load() -> Config:
    """Read the environment.

    Raises:
        BadConfiguration: with every missing or wrong variable in its message.
    """
    env = Environment()
    config = read(env)
    problems = env.problems()
    if problems:
        lines = [f"  {name}: {' '.join(found)}" for name, found in sorted(problems.items())]
        raise BadConfiguration("\n".join(["ZamPay cannot start:", *lines]))
    return config


def read(env: Environment) -> Config:
    """Read every variable, noting problems in `env`; the result is sound only if there are none."""
    app_env = _app_env(env)
    development = app_env in {AppEnv.DEVELOPMENT, AppEnv.TEST}
    pattern = validate.Regexp
    seconds = validate.Range(min=0, min_inclusive=False, max=30 * 86_400)
    networks = registry.read_settings(env, strict=not development)
    return Config(
        app_env=app_env,
        database_url=_database_url(env, "DATABASE_URL") or "",
        database_url_owner=_database_url(env, "DATABASE_URL_OWNER", default=None),
        database_pool_size=env.int("DATABASE_POOL_SIZE", 10, validate=validate.Range(1, 200)),
        worker_concurrency=env.int("WORKER_CONCURRENCY", 16, validate=validate.Range(1, 500)),
        redis_url=_redis_url(env),
        secret_keys=_secret_keys(env),
        log_level=env.str("LOG_LEVEL", LOG_LEVELS[app_env], validate=validate.OneOf(LEVELS)),
        sentry_dsn=env.str(
            "SENTRY_DSN", None, validate=pattern(SENTRY_DSN, error="must be a DSN of Sentry")
        ),
        dead_man_ping_url=env.str(
            "DEAD_MAN_PING_URL", None, validate=pattern(HTTP_URL, error="must be a URL")
        ),
        **_metrics(env),
        trusted_proxies=env.int("TRUSTED_PROXIES", 0, validate=validate.Range(0, 10)),
        public_url=_public_url(env),
        cors_allowed_origins=_origins(env, "CORS_ALLOWED_ORIGINS"),
        callback_sources=_networks(env, "CALLBACK_ALLOWED_SOURCES"),
        registration_open=env.bool("REGISTRATION_OPEN", True),
        registration_activates=env.bool("REGISTRATION_ACTIVATES", development),
        # No default elsewhere: who holds other people's money says so.
        shared_wallets=env.bool("SHARED_WALLETS", *([True] if development else [])),
        limit_per_key=(per_key := _limit(env, "RATE_LIMIT_PER_KEY", "6000/minute")),
        limit_per_tenant=_limit(env, "RATE_LIMIT_PER_TENANT", per_key),
        limit_per_address=_limit(env, "RATE_LIMIT_PER_ADDRESS", "30/minute"),
        number_max_open=_prompts(env, "NUMBER_MAX_OPEN", 10),
        number_max_per_minute=_prompts(env, "NUMBER_MAX_PER_MINUTE", 12),
        number_max_per_hour=_prompts(env, "NUMBER_MAX_PER_HOUR", 60),
        sweep_interval=_seconds(env, "SWEEP_INTERVAL_S", 1, seconds),
        submit_lease=_submit_lease(env, networks, seconds, development=development),
        submit_window=_seconds(env, "SUBMIT_WINDOW_S", 3600, seconds),
        networks=networks,
    )


def _app_env(env: Environment) -> AppEnv:
    names = [str(member) for member in AppEnv]
    text = env.str("APP_ENV", validate=validate.OneOf(names))
    return AppEnv(text) if text in names else AppEnv.PRODUCTION


def _database_url(env: Environment, name: str, **default: None) -> str | None:
    """`postgres://`, as Heroku writes it, is what SQLAlchemy calls `postgresql+psycopg://`."""
    error = "must be postgres:// or postgresql://"
    url = env.str(name, **default, validate=validate.Regexp(POSTGRESQL_SCHEMES, error=error))
    return POSTGRESQL_SCHEMES.sub("postgresql+psycopg://", url) if url else None


def _redis_url(env: Environment) -> str:
    """With its word about certificates; the URL itself, which holds a password, is never in a
    message.
    """
    url = env.str("REDIS_URL") or ""
    wrong = redis_url.objection(url) if url else None
    if wrong is None:
        return redis_url.verified(url)
    env.problem("REDIS_URL", wrong)
    return ""


def _secret_keys(env: Environment) -> tuple[str, ...]:
    """The key that encrypts, and the one before it, which only decrypts."""
    current = env.str("SECRET_KEY", validate=_key_material)
    previous = env.str("SECRET_KEY_PREVIOUS", None, validate=_key_material)
    return tuple(key for key in (current, previous) if key)


def _key_material(text: str) -> None:
    """Long enough, and not one character held down; the text itself is never in a message."""
    if len(text) < MIN_SECRET_LENGTH:
        raise ValidationError(f"must have at least {MIN_SECRET_LENGTH} characters")
    if len(set(text)) < MIN_DIFFERENT_CHARACTERS:
        raise ValidationError("must be random, such as the output of `openssl rand -hex 32`")


def _metrics(env: Environment) -> dict[str, Any]:
    """The token that opens /metrics, and where a worker shows its own; both are closed without."""
    token = env.str("METRICS_TOKEN", None, validate=_key_material)
    port = env.int("METRICS_PORT", 0, validate=validate.Range(0, 65_535))
    if port and not token:
        env.problem("METRICS_TOKEN", "is needed with METRICS_PORT")
    return {
        "metrics_token": token,
        "metrics_host": env.str("METRICS_HOST", "127.0.0.1"),
        "metrics_port": port,
    }


def _seconds(env: Environment, name: str, default: float, check: validate.Range) -> timedelta:
    return timedelta(seconds=env.float(name, default, validate=check) or default)


def _submit_lease(
    env: Environment, networks: Mapping[str, Any], check: validate.Range, *, development: bool
) -> timedelta:
    """A send begins in the first half of its lease; its answer has to come within the second."""
    lease = _seconds(env, "SUBMIT_LEASE_S", 90, check)
    longest_s = max((found.longest_call_s for found in networks.values() if found), default=0.0)
    if not development and lease.total_seconds() < 2 * longest_s:
        env.problem(
            "SUBMIT_LEASE_S",
            f"must be at least {2 * longest_s:g}: twice a network's time-outs together",
        )
    return lease


def _limit(env: Environment, name: str, default: str) -> str:
    error = "must be such as 100/second or 30/minute"
    return env.str(name, default, validate=validate.Regexp(LIMIT, error=error)) or default


def _prompts(env: Environment, name: str, default: int) -> int:
    return env.int(name, default, validate=validate.Range(1, 1_000_000)) or default


def _origins(env: Environment, name: str) -> tuple[str, ...]:
    """Origins as browsers send them (RFC 6454, 6.2): no path, no final slash, no wildcard."""
    found = tuple(text.strip() for text in map(str, env.list(name, [])))
    for text in found:
        if not ORIGIN.fullmatch(text):
            env.problem(name, f"{text!r} is not an origin such as https://www.shop.example")
    return found


def _public_url(env: Environment) -> str | None:
    error = "must be such as https://pay.example, without a path"
    url = env.str("PUBLIC_URL", None, validate=validate.Regexp(PUBLIC_URL, error=error))
    return url.rstrip("/") if url else None


def _networks(env: Environment, name: str) -> tuple[addresses.Network, ...]:
    found = []
    for text in map(str, env.list(name, [])):
        with contextlib.suppress(ValueError):
            found.append(addresses.read_network(text))
            continue
        env.problem(name, f"{text!r} is not an address or a network such as 192.0.2.0/24")
    return tuple(found)
