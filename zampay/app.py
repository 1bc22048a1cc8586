"""Makes the application: the only module, beside the command line, that knows every other."""

from dataclasses import replace

from celery import Celery
from flask import Flask

from config import AppEnv, Config
from zampay.infra import encryption
from zampay.infra.database import db, migrations
from zampay.infra.health import dead_man, health_connection, metrics_page, readiness
from zampay.infra.health.routes import health
from zampay.infra.queue import worker
from zampay.infra.redis import redis_client
from zampay.infra.telemetry import access_log, logs, metrics, sentry
from zampay.infra.web import (
    api,
    headers,
    merchant_pages,
    openapi,
    problems,
    rate_limits,
    request_limits,
)
from zampay.networks import examples as network_examples
from zampay.networks import tasks as network_tasks
from zampay.networks.routes import networks
from zampay.payments import examples as payment_examples
from zampay.payments.routes import payments
from zampay.providers import registry
from zampay.providers.failures import FAILURES
from zampay.tenants import known_keys
from zampay.tenants.routes import auth, keys
from zampay.transfers import callbacks as callback_routes
from zampay.transfers import dispatch, today_gauges, transitions
from zampay.transfers import gauges as transfer_gauges
from zampay.transfers import tasks as transfer_tasks
from zampay.transfers.views import PaymentView
from zampay.wallets import adapters
from zampay.wallets.routes import wallets
from zampay.webhooks import event_reference, event_types
from zampay.webhooks import gauges as webhook_gauges
from zampay.webhooks import tasks as webhook_tasks
from zampay.webhooks.delivery import concurrency, outcome, sending, serving
from zampay.webhooks.feed import feed
from zampay.webhooks.routes import webhook_endpoints

VERSION = "v1"
PURGE_EVERY_S = 600.0
TEND_EVERY_S = 10.0
ROUTE_LIMITS = {
    "webhook-endpoints.test": "30/minute",  # calls out while the merchant waits
    "webhook-endpoints.replay": "10/minute",
    "webhook-endpoints.create": "60/minute",  # rows that stay when the endpoint is removed
    "events.resend": "60/minute",  # up to 16 webhooks each
    "api-keys.create_key": "60/minute",
    "api-keys.rotate_key": "60/minute",
    "wallets.create": "30/minute",
    "wallets.verify": "10/minute",  # these two ask the network while the merchant waits
    "wallets.balance": "30/minute",
    "networks.account_holder": "30/minute",  # asks too, and about people
}
TABLES_WRITTEN = ("transfers", "transitions", "idempotency_keys", "events")
EVENT_EXAMPLES = {
    event_types.PAYMENT_PROCESSING: payment_examples.PROCESSING,
    event_types.PAYMENT_SUCCESSFUL: payment_examples.PAID,
    event_types.PAYMENT_FAILED: payment_examples.FAILED,
    event_types.PAYMENT_IN_REVIEW: payment_examples.IN_REVIEW,
    event_types.NETWORK_DEGRADED: network_examples.DEGRADED,
    event_types.NETWORK_RECOVERED: network_examples.RECOVERED,
}
FEATURE_SETTINGS = (
    "registration_open",
    "trusted_proxies",
    "public_url",
    "dead_man_ping_url",
    "registration_activates",
    "shared_wallets",
    "callback_sources",
    "number_max_open",
    "number_max_per_minute",
    "number_max_per_hour",
    "submit_lease",
    "submit_window",
    "is_development",
)


def create_app(config: Config, *, as_owner: bool = False) -> Flask:
    """The application, for the web process and for the tasks of workers alike; `as_owner`, for
    migrations and the operator's commands, which connect as the owner of the tables.
    """
    app = Flask("zampay", static_folder=None)
    logs.init(level=config.log_level, readable=config.is_development)
    app.config.update({name.upper(): getattr(config, name) for name in FEATURE_SETTINGS})
    sentry.init(dsn=config.sentry_dsn, environment=config.app_env)
    app.config["APP_ROLE"] = config.app_role
    if as_owner and config.database_url_owner is not None:
        config = replace(config, database_url=config.database_url_owner)
    _init_infra(app, config)
    if as_owner:
        migrations.init(app, db.db)
    registry.init(app, config.networks)
    known_keys.init(app)
    adapters.init(app)
    sending.init(app, development=config.is_development)
    concurrency.init(app)
    serving.init(app)
    dispatch.init(app, per_tenant=config.worker_concurrency)
    reference = api.init(app, version=VERSION)
    for blueprint in (auth, keys, payments, networks, wallets, webhook_endpoints, feed):
        reference.register_blueprint(blueprint)
    event_reference.describe(
        reference.spec,
        payment=openapi.schema_name(PaymentView),
        data=EVENT_EXAMPLES,
    )
    for plain in (callback_routes.callbacks, health):
        app.register_blueprint(plain)
    merchant_pages.init(app, failures={str(code): words for code, words in FAILURES.items()})
    _start_counts()
    return app


def _start_counts() -> None:
    """Show what features count from the start, at zero."""
    transitions.start_counts()
    metrics.start_at_zero(metrics.CALLBACKS, callback_routes.OUTCOMES)
    metrics.start_at_zero(metrics.WEBHOOKS, outcome.OUTCOMES)


def _init_infra(app: Flask, config: Config) -> None:
    db.init(
        app,
        url=config.database_url,
        pool_size=config.database_pool_size,
        refuse_bypass=not config.is_development,
    )
    health_connection.init(app, url=config.database_url)
    readiness.init(app, writes=TABLES_WRITTEN)
    redis_client.init(app, url=config.redis_url)
    _init_worker(app, config)
    encryption.init(app, secret_keys=list(config.secret_keys))
    access_log.init(app)
    request_limits.init(app)
    problems.init(app)
    headers.init(
        app,
        force_https=config.app_env in {AppEnv.STAGING, AppEnv.PRODUCTION},
        trusted_proxies=config.trusted_proxies,
        cors_origins=config.cors_allowed_origins,
    )
    rate_limits.init(
        app,
        url=config.redis_url,
        per_key=config.limit_per_key,
        per_tenant=config.limit_per_tenant,
        per_address=config.limit_per_address,
        registering="auth.register",
        by_route=ROUTE_LIMITS,
    )
    metrics_page.init(
        app,
        token=config.metrics_token,
        sources=(transfer_gauges.readings, today_gauges.readings, webhook_gauges.readings),
    )


def _init_worker(app: Flask, config: Config) -> None:
    sweep_every_s = config.sweep_interval.total_seconds()
    tasks = {
        transfer_tasks.sweep.name: sweep_every_s,
        webhook_tasks.sweep.name: sweep_every_s,
        network_tasks.tend.name: TEND_EVERY_S,
        webhook_tasks.purge.name: PURGE_EVERY_S,
        transfer_tasks.log_heads.name: PURGE_EVERY_S,
    }
    if config.dead_man_ping_url:
        tasks[dead_man.ping.name] = dead_man.EVERY_S
    worker.schedule(worker.init(app, broker_url=config.redis_url), tasks)


def celery_of(app: Flask) -> Celery:
    """The application's Celery, with every task registered."""
    found: Celery = app.extensions["celery"]
    return found
