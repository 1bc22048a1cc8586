"""How a gateway is configured against this simulator."""

from zampay.simulators.core.setup import Setup
from zampay.simulators.mtn.endings import REQUEST_TO_PAY
from zampay.simulators.mtn.settings import ZAMBIA, Settings

SETUP = Setup(
    settings=Settings,
    gateway={
        "MTN_BASE_URL": "{simulator}",
        "MTN_TARGET_ENVIRONMENT": ZAMBIA,
        "MTN_CALLBACK_BASE_URL": "{gateway}",
        "MTN_COLLECTION_SUBSCRIPTION_KEY": "{subscription_key}",
        "MTN_COLLECTION_API_USER": "{api_user}",
        "MTN_COLLECTION_API_KEY": "{api_key}",
    },
    simulator={"ENVIRONMENT": ZAMBIA, "CALLBACK_HOST": "{gateway_host}"},
    prefix="26096",
    endings=frozenset(REQUEST_TO_PAY),
    quick={"SIMULATOR_MTN_EXPIRE_S": "4"},  # a payer's five minutes, made short
)
