"""`make secrets`: the files of secrets/ that docker-compose.yml asks for, each made once, keys at
random. The networks are those that have a simulator: `networks.env` tells the gateway of each, with
its keys in `networks/`, and `simulators/` has a file for each variable of the simulators.

What is there stays: a file that was replaced by a real key is not touched. Compose mounts the
files as they are and the container's user reads them, so they are open inside a directory that
only its owner may enter.
"""

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from dev.environment import ROOT, run_program
from dev.networks import SETUPS

NETWORKS: Final = "networks.env"
MOUNTED: Final = "/run/secrets/networks"
GATEWAY: Final = "http://web:8000"


def contents(known: Mapping[str, str]) -> dict[str, str]:
    """File name to text; a password that is `known` goes into its URL as it is."""
    made = {
        name: known.get(name) or secrets.token_hex(32)
        for name in (
            "postgres_password",
            "database_owner_password",
            "database_password",
            "redis_password",
            "secret_key",
        )
    }
    place = "postgres:5432/zampay"
    return {
        **made,
        "database_url": f"postgresql://zampay_app:{made['database_password']}@{place}",
        "database_url_owner": f"postgresql://zampay:{made['database_owner_password']}@{place}",
        "redis_url": f"redis://:{made['redis_password']}@redis:6379/0",
        "metrics_token": secrets.token_hex(32),
    }


def of_networks() -> dict[str, str]:
    """The files of all networks; `networks.env` says where in the container the keys are."""
    lines: list[str] = []
    files: dict[str, str] = {}
    for setup in SETUPS:
        keys = setup.keys()
        simulator = f"http://simulator:{setup.port}"
        told = setup.for_gateway(simulator=simulator, gateway=GATEWAY, keys=keys)
        hidden = setup.secrets()
        files |= {f"networks/{name}": text for name, text in told.items() if name in hidden}
        lines += [
            f"{name}_FILE={MOUNTED}/{name}" if name in hidden else f"{name}={text}"
            for name, text in told.items()
        ]
        options = setup.for_simulator(host="0.0.0.0", port=setup.port, gateway=GATEWAY, keys=keys)  # noqa: S104 - of its container
        files |= {f"simulators/{name}": text for name, text in options.items()}
    return {NETWORKS: "\n".join([*lines, ""]), **files}


def write(directory: Path) -> list[str]:
    """Write the files that are not there; their names."""
    directory.mkdir(mode=0o700, exist_ok=True)
    files = (file for file in directory.rglob("*") if file.is_file())
    known = {str(one.relative_to(directory)): one.read_text(encoding="utf-8") for one in files}
    wanted = contents(known) | ({} if NETWORKS in known else of_networks())
    missing = {name: text for name, text in wanted.items() if name not in known}
    for name, text in missing.items():
        (directory / name).parent.mkdir(exist_ok=True)
        (directory / name).write_text(text, encoding="utf-8")
        (directory / name).chmod(0o644)
    return sorted(missing)


def main() -> None:
    """Say what was made."""
    made = write(ROOT / "secrets")
    print("secrets/: " + (f"made {', '.join(made)}" if made else "everything is there"))


if __name__ == "__main__":
    run_program(main)
