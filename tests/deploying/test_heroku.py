"""app.json and .python-version: what a Heroku-style platform reads beside the Procfile."""

import json
import re

import pytest

import config
from dev.environment import ROOT
from dev.stack import PROCFILE

APP = json.loads((ROOT / "app.json").read_text(encoding="utf-8"))
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")


def test_every_process_of_the_procfile_has_its_place() -> None:
    assert {*APP["formation"], "release"} == set(PROCFILE)


def test_every_variable_exists_and_those_that_the_platform_gives_are_left_out() -> None:
    known = set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", EXAMPLE, re.MULTILINE))
    assert set(APP["env"]) <= known
    assert not {"DATABASE_URL", "REDIS_URL", "PORT"} & set(APP["env"])


def test_a_start_asks_for_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "SECRET_KEY": "0123456789abcdef0123456789abcdef",
        "METRICS_TOKEN": "0123456789abcdef0123456789abcdef",
        "SHARED_WALLETS": "false",
        "MTN_COLLECTION_SUBSCRIPTION_KEY": "0123456789abcdef0123456789abcdef",
        "MTN_COLLECTION_API_USER": "0b0a9b1e-6a58-4d8f-9f5e-0d5f1a3d2c4b",
        "MTN_COLLECTION_API_KEY": "0123456789abcdef0123456789abcdef",
        "DATABASE_URL": "postgres://zampay@127.0.0.1/zampay",
        "REDIS_URL": "redis://127.0.0.1/0",
    }
    for name, told in APP["env"].items():
        monkeypatch.setenv(name, given.get(name) or told["value"])
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert config.load().trusted_proxies == 1


def test_the_platforms_python_is_the_images() -> None:
    wanted = (ROOT / ".python-version").read_text(encoding="utf-8").strip()
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert f"FROM python:{wanted}." in dockerfile
