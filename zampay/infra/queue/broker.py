"""Celery's connections to the broker: they wait for it however long it is away or refuses to work.

A Redis that answers may still be a replica, full, or still loading: it is asked for a small write
before it counts as connected.
"""

import base64
import json
import uuid
from typing import Any

import redis
import structlog
from celery import Celery
from celery.app.amqp import AMQP
from kombu.connection import Connection
from kombu.transport.redis import Channel, Transport

from zampay.infra.database.after_commit import TaskMessage
from zampay.infra.redis import redis_client

REQUEST_ID = "request_id"
LONGEST_AWAY_S = 5
log = structlog.get_logger()
PROBE, PROBE_S = "broker:writable", 60


class TolerantChannel(Channel):
    """A channel that leaves out what somebody else wrote into a queue, and goes on."""

    def _brpop_read(self, **options: Any) -> Any:
        try:
            return super()._brpop_read(**options)  # type: ignore[no-untyped-call]
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            log.warning("message_unreadable", reason=type(error).__name__)
            return True

    def basic_ack(self, delivery_tag: str, multiple: bool = False) -> None:  # noqa: FBT001, FBT002
        """Nothing is kept of a message that was taken (`worker`), so nothing is to be forgotten;
        kombu would ask Redis to, by a new client each time.
        """


class TolerantTransport(Transport):
    """Redis with such channels."""

    Channel = TolerantChannel


class PromptConnection(Connection):
    """A connection to the broker that is tried again every few seconds, however long the broker
    has been away; Celery's own waits grow to half a minute and cannot be configured.
    """

    def get_transport_cls(self) -> type[TolerantTransport]:
        """Redis is the only broker there is; `rediss://` is the same one over TLS."""
        return TolerantTransport

    def ensure_connection(self, *args: Any, **kwargs: Any) -> Any:
        """As kombu's, with shorter waits."""
        waits = {"interval_max": LONGEST_AWAY_S, **kwargs}
        return super().ensure_connection(*args, **waits)  # type: ignore[no-untyped-call]

    def _connection_factory(self) -> Any:
        """As kombu's; a broker that refuses to write counts as one that is away, so that whoever
        needs it waits, however Redis words it (a replica, no memory, a role without the right).
        """
        made = super()._connection_factory()  # type: ignore[no-untyped-call]
        channel: Any = self.default_channel
        try:
            channel.client.set(PROBE, "1", ex=PROBE_S)
        except redis.RedisError as error:
            self._do_close_self()  # type: ignore[no-untyped-call]
            raise redis.ConnectionError(f"it does not take writes: {error}") from error
        return made


class PromptAMQP(AMQP):  # type: ignore[misc]
    """Celery's messaging over such connections."""

    Connection = PromptConnection


class PromptCelery(Celery):  # type: ignore[misc]
    """Celery over such connections; a publisher does not wait as long as a worker."""

    amqp_cls = PromptAMQP

    def connection_for_write(self, url: str | None = None, **kwargs: Any) -> Any:
        """As Celery's, with a shorter time-out."""
        options = {"socket_timeout": redis_client.LONGEST_WAIT_S}
        return super().connection_for_write(url, **{"transport_options": options, **kwargs})


class CeleryQueue:
    """Publishes to the broker, without retries: the sweep is the retry.

    The message is Celery's. What kombu puts around it (kombu.transport.virtual.base) is put around
    it here, in one round trip: kombu makes four clients of Redis for each message, which takes a
    fifth of the time of accepting a payment.
    """

    def __init__(self, celery: Celery) -> None:
        self._celery = celery

    def enqueue(self, message: TaskMessage) -> None:
        """Publish; raises whatever Redis' client raises."""
        redis_client.client().lpush(message.feature, self._text(message))

    def _text(self, message: TaskMessage) -> str:
        made = self._celery.amqp.as_task_v2(
            uuid.uuid4().hex,
            message.task,
            kwargs=message.arguments,
            argsrepr="()",
            kwargsrepr="{}",  # for people who look; the body has them
            ignore_result=True,
        )
        asked_by = structlog.contextvars.get_contextvars().get(REQUEST_ID)
        headers = {**made.headers, REQUEST_ID: asked_by} if asked_by else made.headers
        around = {
            "delivery_mode": 2,
            "delivery_info": {"exchange": "", "routing_key": message.feature},
            "priority": 0,
            "body_encoding": "base64",
            "delivery_tag": uuid.uuid4().hex,
        }
        envelope = {
            "body": base64.b64encode(json.dumps(made.body).encode()).decode(),
            "content-encoding": "utf-8",
            "content-type": "application/json",
            "headers": headers,
            "properties": {**made.properties, **around},
        }
        return json.dumps(envelope)
