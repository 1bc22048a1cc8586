"""How a gateway is configured against this simulator."""

from zampay.simulators.airtel.endings import PUSH
from zampay.simulators.airtel.settings import Settings
from zampay.simulators.core.setup import Setup

SETUP = Setup(
    settings=Settings,
    gateway={
        "AIRTEL_BASE_URL": "{simulator}",
        "AIRTEL_CLIENT_ID": "{client_id}",
        "AIRTEL_CLIENT_SECRET": "{client_secret}",
        "AIRTEL_CALLBACK_KEY": "{private_key}",
        "AIRTEL_CALLBACK_TOKEN": "{callback_token}",
        "AIRTEL_CALLBACK_BASE_URL": "{gateway}",
    },
    simulator={"CALLBACK_BASE": "{gateway}/api/v1/callbacks/airtel/"},
    prefix="26097",
    endings=frozenset(PUSH),
    quick={
        "SIMULATOR_AIRTEL_EXPIRE_S": "4",
        "AIRTEL_FIRST_POLL_S": "5",
        "AIRTEL_UNKNOWN_GRACE_S": "4",
    },
)
