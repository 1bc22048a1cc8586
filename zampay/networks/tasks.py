"""What workers do for networks. The task may run twice, late or never: the rows decide."""

from typing import Any

from celery import shared_task

from zampay.networks import telling
from zampay.transfers import network_states


@shared_task(name=network_states.TEND)
def tend(**_: Any) -> None:
    """End what nobody finds any more, and tell merchants what has changed."""
    telling.tend()
