"""Whatever the document allows or forbids is asked for: no answer is a 500, and none breaks it.

Schemathesis makes the requests, the same ones in every run; the key, its tenant and the ids of
objects that exist are ours, so that they get past the guard (which has tests of its own).
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, settings
from schemathesis import Case, openapi

from dev.openapi import DOCUMENT
from tests.support.fakes import ScriptedNetwork
from tests.support.merchants import Merchant
from tests.support.objects import objects_of

pytestmark = pytest.mark.long
CONFIG = schemathesis.Config.from_dict(
    {
        "generation": {
            "deterministic": True,
            "max-examples": 12,
            "database": "none",
            "with-security-parameters": False,
        },
        "phases": {"coverage": {"enabled": True}, "stateful": {"enabled": False}},
        "checks": {"positive_data_acceptance": {"enabled": False}},
    }
)


@dataclass
class CurrentApp:
    """The WSGI application that Schemathesis knows: whichever application the test has."""

    app: Flask | None = None

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        assert self.app is not None
        return self.app(environ, start_response)


CURRENT = CurrentApp()
API = openapi.from_dict(json.loads(DOCUMENT.read_text(encoding="utf-8")), config=CONFIG)
API.app = CURRENT


@pytest.fixture
def objects(app: Flask, merchant: Merchant, network: ScriptedNetwork) -> Iterator[dict[str, str]]:
    """An object of each kind that paths name."""
    CURRENT.app = app
    yield objects_of(merchant)
    CURRENT.app = None


@API.parametrize()
@settings(deadline=None, suppress_health_check=list(HealthCheck))
def test_answers_are_as_documented(
    case: Case[Any], merchant: Merchant, objects: dict[str, str]
) -> None:
    if case.meta is not None and case.meta.generation.mode.is_positive:
        named = case.path_parameters.keys() & objects
        case.path_parameters.update({name: objects[name] for name in named})
    case.call_and_validate(headers=merchant.headers())
