"""The environment of the processes in development: production's, with this machine's addresses."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from dev.common import LOOPBACK
from dev.credentials import Credentials
from dev.databases import Servers


def base() -> dict[str, str]:
    """The developer's own environment, with the programs of this Python's virtualenv first."""
    programs = str(Path(sys.executable).parent)
    return {
        **os.environ,
        "PATH": os.pathsep.join([programs, os.environ.get("PATH", os.defpath)]),
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "",  # compiling everything anew doubles the time of each start
        "NO_PROXY": LOOPBACK,
    }


def for_gateway(
    servers: Servers, credentials: Credentials, *, port: int, simulator_url: str
) -> Mapping[str, str]:
    """For web, worker, beat and `flask`: the embedded servers, and the simulator as MTN."""
    return {
        **base(),
        "APP_ENV": "development",
        "FLASK_APP": "wsgi:app",
        "HOST": LOOPBACK,
        "PORT": str(port),
        "WEB_CONCURRENCY": "1",  # a second process doubles the time of each start
        "DATABASE_URL": servers.database_url,
        "REDIS_URL": servers.redis_url,
        "SECRET_KEY": credentials.secret_key,
        "MTN_BASE_URL": simulator_url,
        "MTN_TARGET_ENVIRONMENT": "mtnzambia",
        "MTN_COLLECTION_SUBSCRIPTION_KEY": credentials.subscription_key,
        "MTN_COLLECTION_API_USER": credentials.api_user,
        "MTN_COLLECTION_API_KEY": credentials.api_key,
        "MTN_CALLBACK_BASE_URL": f"http://{LOOPBACK}:{port}",
    }


def for_simulator(credentials: Credentials, *, port: int) -> Mapping[str, str]:
    """For the MTN simulator; its keys go here, because everybody may read command lines."""
    return {
        "SIMULATOR_MTN_HOST": LOOPBACK,
        "SIMULATOR_MTN_PORT": str(port),
        "SIMULATOR_MTN_ENVIRONMENT": "mtnzambia",
        "SIMULATOR_MTN_SUBSCRIPTION_KEY": credentials.subscription_key,
        "SIMULATOR_MTN_API_USER": credentials.api_user,
        "SIMULATOR_MTN_API_KEY": credentials.api_key,
        "SIMULATOR_MTN_CALLBACK_HOST": LOOPBACK,
    }
