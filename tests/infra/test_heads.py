"""Where the chains end is logged once a day, also when whoever began to log it died."""

from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from tests.support.merchants import Merchant
from zampay.infra.redis.redis_client import client
from zampay.transfers import tasks


def test_who_dies_while_logging_leaves_it_to_the_next(
    app: Flask, merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: Any, **__: Any) -> None:
        raise SystemExit

    monkeypatch.setattr(tasks, "log", SimpleNamespace(info=die))
    task = app.extensions["celery"].tasks["transfers.log_heads"]
    with app.app_context():
        with pytest.raises(SystemExit):
            task()
        [name] = client().keys("heads:*")
        assert 0 < client().ttl(name) <= tasks.HEADS_TAKE_S, "it is free again within the hour"
        client().delete(name)
        monkeypatch.setattr(tasks, "log", SimpleNamespace(info=lambda *_, **__: None))
        task()
        assert client().ttl(name) > tasks.HEADS_TAKE_S
