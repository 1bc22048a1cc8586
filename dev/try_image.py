"""`python -m dev.try_image IMAGE`: the processes of a built image, on the embedded servers.

Migrates, starts web, worker and beat read-only and as the image's own user, asks each for its
health, takes a payment to its end, stops all with SIGTERM, and starts web as in production.
"""

import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from dev.common import DevError, await_condition, run_program
from dev.container import Container, Engine, engine, leave
from dev.merchant import Merchant
from dev.servers import servers, temporary_directory
from dev.stack import Stack
from dev.story import ACTS

HEALTHCHECK: Final = ("python", "/app/deploy/healthcheck.py")
_OURS: Final = ("APP_ENV", "DATABASE_URL", "REDIS_URL", "SECRET_KEY", "HOST", "PORT")
_MAY_NOT: Final = "touch /app/x || touch /opt/zampay/x"
_GRACE_S: Final = 30.0
DOES_START: Final = ("sh", "-c", "! flask --app wsgi db current")


def main() -> None:
    """Exit 2 with the reason when a step fails."""
    if len(sys.argv) != 2:  # noqa: PLR2004
        raise DevError(__doc__)
    used = engine(sys.argv[1])
    try:
        with (
            temporary_directory() as directory,
            servers(directory) as started,
            Stack(started, directory) as stack,
        ):
            stack.start("simulator")
            try_processes(used, stack, directory / "image")
            try_production(used, stack, directory / "image")
    finally:
        leave(used)


def try_processes(used: Engine, stack: Stack, directory: Path) -> None:
    """Release, then web, worker and beat around one payment, then the end of all."""
    environment = environment_of(stack)
    run(used, directory, environment, "release")
    run(used, directory, environment, "flask", "--app", "wsgi", "db", "current")
    run(used, directory, environment, "sh", "-c", f'test "$(id -u)" != 0 && ! {{ {_MAY_NOT}; }}')
    with ExitStack() as ending:
        running = [
            Container.of(used, directory, environment, name) for name in ("web", "worker", "beat")
        ]
        for container in running:
            ending.enter_context(container.process)
        for container in running:
            await_health(container)
        pay(stack.url)
        for container in reversed(running):
            end(container)


def try_production(used: Engine, stack: Stack, directory: Path) -> None:
    """As production: nothing starts with an http network, and web is up with an https one."""
    environment = {**environment_of(stack), "APP_ENV": "production"}
    if "MTN_BASE_URL: must be https://" not in run(used, directory, environment, *DOES_START):
        raise DevError("It was not said what is wrong.")
    environment["MTN_BASE_URL"] = "https://network.example"
    environment["MTN_CALLBACK_BASE_URL"] = "https://pay.example"
    web = Container.of(used, directory, environment, "web")
    with web.process:
        await_health(web)
        end(web)


def environment_of(stack: Stack) -> dict[str, str]:
    """What a container is told: nothing of the developer's own environment."""
    names = [name for name in stack.environment if name in _OURS or name.startswith("MTN_")]
    return {name: stack.environment[name] for name in names}


def run(used: Engine, directory: Path, environment: Mapping[str, str], *words: str) -> str:
    """Run one container to its end; what it wrote. DevError unless status 0."""
    process = Container.of(used, directory, environment, *words).process
    process.start()
    if process.wait(timeout_s=60):
        raise DevError(process.exit_report())
    print(f"{' '.join(words)[:60]}: status 0", flush=True)
    return process.output()


def await_health(container: Container) -> None:
    """Until its HEALTHCHECK says so."""
    container.process.await_ready(
        lambda: container.ask(*HEALTHCHECK) == 0, wanted="its health check", timeout_s=60
    )
    print(f"{container.process.name}: healthy", flush=True)


def pay(url: str) -> None:
    """One live payment, until the network's word is there."""
    merchant = Merchant.register(url, business_name="Image", email="owner@example.com").live()
    payment = merchant.pay(external_id="image-1", amount="12.50", msisdn=ACTS[0].msisdn)
    await_condition(
        lambda: merchant.payment(payment["id"])["status"] == "SUCCESSFUL",
        timeout_s=30,
        wanted="the end of the payment",
    )
    print("payment: SUCCESSFUL", flush=True)


def end(container: Container) -> None:
    """SIGTERM, and its own end within the time that platforms give."""
    began_s = time.monotonic()
    container.process.grace_s = _GRACE_S
    container.process.stop()
    status, took_s = container.process.status, time.monotonic() - began_s
    if status != 0 or took_s >= _GRACE_S:
        raise DevError(f"{container.process.exit_report()}\nafter {took_s:.1f} s")
    print(f"{container.process.name}: ended by SIGTERM after {took_s:.1f} s", flush=True)


if __name__ == "__main__":
    run_program(main)
