"""The command of each service of docker-compose.yml, run for real on this machine."""

import contextlib
import re
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
import requests
import yaml

from dev import compose_secrets, postgres, valkey
from dev.environment import LOOPBACK, ROOT, await_condition, free_port
from dev.merchant import Merchant
from dev.networks import SETUPS
from dev.supervisor import Process

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {"release", "web", "worker", "beat", "simulator"}
DEFAULT = re.compile(r"\$\{(\w+):-([^}]*)\}")


def interpolated(text: str, variables: dict[str, str]) -> str:
    """As Compose does it: `${NAME:-default}`, and `$$` for a dollar."""
    given = DEFAULT.sub(lambda match: variables.get(match[1]) or match[2], str(text))
    assert "${" not in given.replace("$${", ""), f"no default in {text!r}"
    return given.replace("$$", "$")


class Host:
    """This machine in the place of Docker: secrets, names and ports of its own."""

    def __init__(self, directory: Path, admin_url: str) -> None:
        self.directory = directory
        self.admin_url = admin_url
        self.secrets = directory / "secrets"
        self.kept = directory / "data"
        self.kept.mkdir()
        compose_secrets.write(self.secrets)
        self.ports = {name: free_port() for name in ("redis", "web", "worker")}
        self.simulators = {setup.network: free_port() for setup in SETUPS}
        database = urlsplit(admin_url).netloc.partition("@")[2]
        for secret in ("database_url", "database_url_owner"):
            self._points_to_here(secret, "postgres:5432", database)
        self._points_to_here("redis_url", "redis:6379", f"{LOOPBACK}:{self.ports['redis']}")
        for file in (self.secrets / "simulators").iterdir():
            moved = {"web": LOOPBACK, "0.0.0.0": LOOPBACK}  # noqa: S104 - hosts of containers
            file.write_text(self.here(moved.get(file.read_text(), file.read_text())))
        for network, port in self.simulators.items():
            (self.secrets / f"simulators/SIMULATOR_{network}_PORT").write_text(str(port))

    def _points_to_here(self, secret: str, there: str, here: str) -> None:
        file = self.secrets / secret
        file.write_text(file.read_text().replace(there, here))

    def here(self, text: str) -> str:
        """Paths and names inside the containers, as they are on this machine."""
        text = text.replace("web:8000", f"{LOOPBACK}:{self.ports['web']}")
        for setup in SETUPS:
            here = f"{LOOPBACK}:{self.simulators[setup.network]}"
            text = text.replace(f"simulator:{setup.port}", here)
        return text.replace("/run/secrets", str(self.secrets)).replace("/data/", f"{self.kept}/")

    def process(self, name: str, path: str, **more: str) -> Process:
        """The service, with its own environment and command."""
        service = SERVICES[name]
        environment = {
            variable: self.here(interpolated(value, {}))
            for variable, value in service.get("environment", {}).items()
        }
        for file in service.get("env_file", []):
            if (self.directory / file["path"]).exists():
                lines = self.here((self.directory / file["path"]).read_text()).splitlines()
                environment |= dict(line.split("=", 1) for line in lines)
        command = [self.here(interpolated(word, {})) for word in service["command"]]
        if name in OURS:
            command.insert(0, str(ROOT / "deploy/start"))
        known = {"PATH": path, "PYTHONUNBUFFERED": "1", **environment, **more}
        return Process(name, command, self.directory, environment=known, grace_s=30)


@pytest.fixture
def host(directory: Path) -> Iterator[Host]:
    """A PostgreSQL as the image makes it: a superuser and nothing else."""
    password, port = "0" * 32, free_port()
    admin_url = f"postgresql://{postgres.ADMIN}:{password}@{LOOPBACK}:{port}/postgres"
    server = postgres.start(
        directory, port=port, admin_password=password, settings={"fsync": "off"}
    )
    try:
        yield Host(directory, admin_url)
    finally:
        server.stop()


@pytest.fixture
def path(directory: Path) -> str:
    """The programs of the images: ours, psql, and Valkey's under its usual name."""
    programs = directory / "bin"
    programs.mkdir()
    (programs / "valkey-server").symlink_to(valkey.binary())
    (programs / "psql").symlink_to(postgres.binary("psql"))
    return f"{programs}:{ROOT / 'bin'}:{ROOT / '.venv/bin'}:/usr/local/bin:/usr/bin:/bin"


def make_role(host: Host, path: str) -> None:
    """What the PostgreSQL image does with a file in /docker-entrypoint-initdb.d."""
    admin = urlsplit(host.admin_url)
    known = {
        "PATH": path,
        "PGHOST": LOOPBACK,
        "PGPORT": str(admin.port),
        "PGPASSWORD": str(admin.password),
        "SECRETS_DIRECTORY": str(host.secrets),
    }
    script, place, _ = SERVICES["postgres"]["volumes"][1].split(":")
    assert place.startswith("/docker-entrypoint-initdb.d/")
    subprocess.run([ROOT / script], env=known, check=True)


def listens(port: int) -> Callable[[], bool]:
    def connects() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex((LOOPBACK, port)) == 0

    return connects


def is_live(url: str) -> Callable[[], bool]:
    def live() -> bool:
        with contextlib.suppress(requests.RequestException), requests.Session() as session:
            session.trust_env = False
            return session.get(f"{url}/health/live", timeout=1).ok
        return False

    return live


def metrics(host: Host, name: str) -> str:
    """The page, read with the token that Prometheus gets."""
    token = (host.secrets / "metrics_token").read_text()
    url = f"http://{LOOPBACK}:{host.ports[name]}/metrics"
    page = requests.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=10)
    assert page.status_code == 200, page.text
    return page.text


@pytest.mark.long
def test_the_command_of_every_service_does_its_part(host: Host, path: str) -> None:
    make_role(host, path)
    redis = host.process("redis", path)
    place = f" --bind {LOOPBACK} --port {host.ports['redis']}"
    redis.command = [*redis.command[:-1], redis.command[-1] + place]
    simulator = host.process("simulator", path)
    release = host.process("release", path)
    web = host.process("web", path, HOST=LOOPBACK, PORT=str(host.ports["web"]), WEB_CONCURRENCY="1")
    with redis, simulator:
        redis.await_ready(listens(host.ports["redis"]), wanted="Valkey")
        release.start()
        assert release.wait(timeout_s=60) == 0, release.tail()
        worker = host.process(
            "worker", path, METRICS_HOST=LOOPBACK, METRICS_PORT=str(host.ports["worker"])
        )
        with web, worker, host.process("beat", path):
            for setup in SETUPS:
                simulator.await_log(f"{setup.network} simulator ready")
            url = f"http://{LOOPBACK}:{host.ports['web']}"
            web.await_ready(is_live(url), wanted="web", timeout_s=60)
            shop = Merchant.register(url, business_name="Shop", email="owner@example.com").live()
            payment = shop.pay(external_id="o-1", amount="1.00", msisdn="260963123400")
            await_condition(
                lambda: shop.payment(payment["id"])["status"] == "SUCCESSFUL",
                timeout_s=60,
                wanted="all of it",
            )
            assert 'zampay_heartbeat_age_seconds{role="beat"}' in metrics(host, "web")
            assert 'target="SUCCESSFUL"' in metrics(host, "worker")
    require_that_the_role_is_plain(host)


def require_that_the_role_is_plain(host: Host) -> None:
    """What web connects as has no power over the server, and owns nothing."""
    with psycopg.connect((host.secrets / "database_url").read_text()) as link:
        role = link.execute(
            "SELECT rolsuper, rolbypassrls, rolcreatedb FROM pg_roles WHERE rolname = current_user"
        )
        assert role.fetchone() == (False, False, False)
        owned = "SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole"
        assert link.execute(owned).fetchone() == (0,)
