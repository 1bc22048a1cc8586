"""docker-compose.yml, read as Compose reads it; test_compose_commands.py runs its commands."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from dev import compose_secrets
from dev.environment import ROOT
from dev.networks import SETUPS
from zampay.providers import registry

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
PROMETHEUS = yaml.safe_load((ROOT / "ops/prometheus/prometheus.yml").read_text(encoding="utf-8"))
OURS = [name for name in SERVICES if name not in {"postgres", "redis"}]
SECRET = re.compile(r"PASSWORD|KEY|SECRET|TOKEN|(?<!BASE)(?<!PUBLIC)_URL|API_USER")


@pytest.mark.parametrize("name", OURS)
def test_our_containers_may_do_next_to_nothing(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["tmpfs"] == ["/tmp"]  # noqa: S108
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["stop_grace_period"] == ("150s" if name == "worker" else "30s")


def test_a_worker_may_end_the_longest_call_of_each_network_before_it_is_killed() -> None:
    grace_s = float(SERVICES["worker"]["stop_grace_period"].removesuffix("s"))
    for network in registry.NETWORKS:
        for able in network.profile(None).capabilities.values():
            assert able.blocks_for.total_seconds() < grace_s


@pytest.mark.parametrize("name", SERVICES)
def test_no_secret_has_a_value_or_a_default(name: str) -> None:
    for variable, value in SERVICES[name].get("environment", {}).items():
        if SECRET.search(variable):
            assert variable.endswith("_FILE")
            assert value.removeprefix("/run/secrets/") in SERVICES[name]["secrets"]


def test_everything_waits_for_what_it_needs_and_is_watched() -> None:
    assert SERVICES["release"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    for name in ("web", "worker", "beat"):
        assert SERVICES[name]["depends_on"] == {
            "release": {"condition": "service_completed_successfully"},
            "redis": {"condition": "service_healthy"},
        }
    assert all("healthcheck" in SERVICES[name] for name in ("postgres", "redis", "simulator"))
    assert SERVICES["release"]["restart"] == "no"  # it ends; of the others the image looks itself


def test_images_of_others_are_exact_and_only_the_own_machine_gets_in() -> None:
    for name in ("postgres", "redis"):
        exact = r"[\w/]+:\d+\.\d+(\.\d+)?(-\w+)?@sha256:[0-9a-f]{64}"
        assert re.fullmatch(exact, SERVICES[name]["image"])
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"web": ["${BIND:-127.0.0.1}:${PORT:-8000}:8000"]}


def test_prometheus_reads_each_process_that_counts_where_it_shows_it() -> None:
    read = {}
    for job in PROMETHEUS["scrape_configs"]:
        (place,) = job["dns_sd_configs"]
        (service,) = place["names"]
        read[service] = place["port"]
        token = SERVICES[service]["environment"]["METRICS_TOKEN_FILE"]
        assert job["authorization"]["credentials_file"] == token
    worker = SERVICES["worker"]["environment"]
    assert read == {"web": 8000, "worker": worker["METRICS_PORT"]}
    assert worker["METRICS_HOST"] == "0.0.0.0"  # noqa: S104 - of its container
    assert all((ROOT / "ops/prometheus" / rules).exists() for rules in PROMETHEUS["rule_files"])


def texts(directory: Path) -> dict[str, str]:
    files = (file for file in directory.rglob("*") if file.is_file())
    return {str(file.relative_to(directory)): file.read_text() for file in files}


def test_gateway_and_simulators_are_given_the_same_keys_as_files(tmp_path: Path) -> None:
    compose_secrets.write(tmp_path)
    known, lines = texts(tmp_path), (tmp_path / "networks.env").read_text().splitlines()
    for setup in SETUPS:
        for variable in setup.secrets():
            assert f"{variable}_FILE=/run/secrets/networks/{variable}" in lines
            assert known[f"networks/{variable}"] not in "\n".join(lines)
        keys = {known[f"networks/{variable}"] for variable in setup.secrets()}
        assert keys <= {text for name, text in known.items() if name.startswith("simulators/")}


def test_every_secret_is_made_once_and_stays(tmp_path: Path) -> None:
    made = compose_secrets.write(tmp_path / "secrets")
    single = {name for name in made if "/" not in name} - {"networks.env"}
    assert single == set(COMPOSE["secrets"])
    assert all(one["file"] == f"./secrets/{name}" for name, one in COMPOSE["secrets"].items())
    before = texts(tmp_path / "secrets")
    assert len({before[name] for name in single}) == len(single)
    (tmp_path / "secrets/redis_url").unlink()
    assert compose_secrets.write(tmp_path / "secrets") == ["redis_url"]
    assert texts(tmp_path / "secrets") == before
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
