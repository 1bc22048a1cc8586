"""`zampay doctor`: is everything in order? Says in plain words what is wrong and what to do."""

import logging
import sys
from collections.abc import Iterator
from enum import StrEnum

import click
import sqlalchemy as sa
from flask import current_app
from flask.cli import with_appcontext

from zampay.cli import doctor_wallets, output
from zampay.infra.database import db
from zampay.infra.health import clock_skew, health_connection, readiness
from zampay.infra.telemetry import error_text
from zampay.kernel.findings import Finding, Verdict, advice, broken, fine
from zampay.providers import registry
from zampay.tenants import audit_chain
from zampay.transfers import history, invariants


class Code(StrEnum):
    """What can be found; of what readiness examines, its name and its code."""

    SET_UP = "configuration_complete"
    DEVELOPMENT = "development"
    NO_PROXY = "no_trusted_proxy"
    REGISTRATION_OPEN = "registration_open"
    WALLETS_SHARED = "wallets_shared"
    NO_METRICS = "no_metrics"
    CLOCKS_AGREE = "clocks_agree"
    CLOCKS_APART = "clocks_apart"
    BOOKS_UNREAD = "books_unread"
    ROLE_BYPASSES = "role_bypasses_row_security"
    ROLE_PLAIN = "role_plain"
    ONE_ROLE = "one_role"
    INVARIANT_VIOLATED = "invariant_violated"
    INVARIANTS_HOLD = "invariants_hold"
    CHAINS_UNREAD = "chains_unread"
    LOG_REWRITTEN = "audit_log_rewritten"
    HISTORY_REWRITTEN = "history_rewritten"
    CHAINS_WHOLE = "chains_whole"


LONGEST_QUERY_S = 60
MOST_NAMED = 10
SIGNS = {Verdict.FINE: "ok    ", Verdict.ADVICE: "advice", Verdict.BROKEN: "WRONG "}
REMEDIES = {
    "database": "Is PostgreSQL up, and is each part of that right?",
    "migrations": "Run `zampay db upgrade` (the release process does).",
    "redis": "Is Redis up, and does REDIS_URL name it? Payments are accepted, and sent when it is "
    "back.",
    "worker": "Start one: `zampay worker` (see Procfile). Nothing is sent or asked without.",
    "beat": "Start one: `zampay beat` (see Procfile). Without it what was missed stays missed.",
}

EXACT_REMEDIES = {
    "default_transaction_read_only": (
        "If it is a standby, name the primary in DATABASE_URL. If not, reset "
        "default_transaction_read_only, where it was set."
    ),
    "READONLY": (
        "Name the primary in REDIS_URL, or make this one the primary. Payments are accepted, and "
        "sent when it takes writes."
    ),
    "maxmemory": (
        "Give Redis more memory (maxmemory), or remove what others keep in it. Payments are "
        "accepted, and sent when it has room."
    ),
}
"""By a part of what was found."""


@click.command("doctor")
@with_appcontext
def doctor() -> None:
    """Check configuration, database, Redis, worker, beat, networks, books and encrypted secrets."""
    logging.getLogger().setLevel(logging.CRITICAL)  # what it would log, it says
    wrong = 0
    with output.visible():
        for finding in examine():
            wrong += finding.verdict is Verdict.BROKEN
            click.echo(f"{SIGNS[finding.verdict]}  {finding.subject}: {finding.says}")
            if finding.remedy:
                click.echo(f"        {finding.remedy}")
    click.echo(f"{wrong} wrong." if wrong else "Nothing is wrong.")
    sys.exit(1 if wrong else 0)


def examine() -> Iterator[Finding]:
    """Everything that can be looked at from here, one finding after the other."""
    yield from _configuration()
    for check in readiness.examine():
        code = f"{check.name}_{check.code}"
        if check.verdict is readiness.Verdict.OK:
            yield fine(code, check.name, f"{check.says}.")
        else:
            named = _named_database() if check.name == "database" else ""
            yield broken(code, check.name, f"{check.says}.", named + _remedy(check))
    yield from _clock()
    yield from _books()
    yield from _chains()
    yield from doctor_wallets.secrets()
    yield from doctor_wallets.networks()
    yield from doctor_wallets.troubles()
    yield from doctor_wallets.wallets()


def _named_database() -> str:
    """What DATABASE_URL leads to, without its password."""
    url = db.db.engine.url
    hosts = url.query.get("host") or f"{url.host or 'this machine'}:{url.port or 5432}"
    listed = hosts if isinstance(hosts, str) else ", ".join(hosts)
    return f"DATABASE_URL names the role {url.username}, {listed} and {url.database}. "


def _configuration() -> Iterator[Finding]:
    """What the start does not refuse, but an operator should know."""
    settings = current_app.config
    yield fine(Code.SET_UP, "configuration", "complete: the program starts with it.")
    if settings["IS_DEVELOPMENT"]:
        says = "APP_ENV is development or test: conveniences are on that production must not have."
        yield advice(Code.DEVELOPMENT, "configuration", says, "Set APP_ENV=production or staging.")
        return
    if not settings["TRUSTED_PROXIES"]:
        says = "TRUSTED_PROXIES is 0: behind a proxy every request looks like http from one client."
        yield advice(
            Code.NO_PROXY, "configuration", says, "Set it to the number of proxies in front."
        )
    if settings["REGISTRATION_OPEN"]:
        says = "anybody may register (test keys only, unless registration activates)."
        remedy = (
            "Where that is not wanted set REGISTRATION_OPEN=false, and make merchants with "
            "`zampay tenant create`."
        )
        yield advice(Code.REGISTRATION_OPEN, "configuration", says, remedy)
    if settings["SHARED_WALLETS"] and registry.served(livemode=True):
        says = (
            "SHARED_WALLETS is true: you hold the money of merchants without wallets of their own."
        )
        remedy = "Is that yours to hold? docs/operations.md, Whose money."
        yield advice(Code.WALLETS_SHARED, "configuration", says, remedy)
    if current_app.extensions["metrics_token"] is None:
        says = "METRICS_TOKEN is not set: there are no metrics, and no alerts."
        yield advice(Code.NO_METRICS, "configuration", says, "Set it, and give it to Prometheus.")


def _remedy(check: readiness.Check) -> str:
    """What to do about it: of what answers but takes no writes, not whether it is up."""
    exact = (cure for fault, cure in EXACT_REMEDIES.items() if fault in check.says)
    return next(exact, REMEDIES[check.name])


def _clock() -> Iterator[Finding]:
    """How far this host and the database are apart; other hosts have clocks of their own."""
    try:
        with health_connection.connection() as link:
            ahead_s = clock_skew.seconds(link)
    except sa.exc.SQLAlchemyError:
        return  # the database's own finding says why
    way = "ahead of" if ahead_s > 0 else "behind"
    says = f"the clock of this host is {abs(ahead_s):.1f} s {way} the database's."
    if abs(ahead_s) < clock_skew.LARGE_S:
        yield fine(Code.CLOCKS_AGREE, "clock", says)
    else:
        remedy = "Let NTP set both. Payments go by the database's time, certificates by this one."
        yield broken(Code.CLOCKS_APART, "clock", says, remedy)


def _books() -> Iterator[Finding]:
    """The role that we connect as, and the invariants over all payments."""
    try:
        with health_connection.connection(
            statement_timeout_s=LONGEST_QUERY_S, every_tenant=True
        ) as link:
            bypasses, role = link.execute(sa.text(db.ROLE_QUERY)).one()
            violations = invariants.count(link, of_the_last_hours=False)
            named = {
                name: ", ".join(invariants.newest(link, name, limit=MOST_NAMED))
                for name, count in violations.items()
                if count
            }
    except sa.exc.SQLAlchemyError as error:
        remedy = "The database's own finding says more."
        says = f"they could not be looked at: {error_text.of_database(error)}."
        yield broken(Code.BOOKS_UNREAD, "books", says, remedy)
        return
    if bypasses:
        remedy = "Connect as a plain role that owns the database."
        says = f"{role} bypasses row-level security: tenants are not separated."
        yield broken(Code.ROLE_BYPASSES, "role", says, remedy)
    else:
        yield fine(Code.ROLE_PLAIN, "role", f"row-level security applies to {role}.")
        if current_app.config["APP_ROLE"] is None and not current_app.config["IS_DEVELOPMENT"]:
            says = f"{role} owns the tables and does the work of web and worker as well."
            remedy = "Two roles are safer: docs/operations.md, Database roles."
            yield advice(Code.ONE_ROLE, "role", says, remedy)
    for name, count in violations.items():
        if count:
            remedy = "docs/runbooks/InvariantViolated.md says how to look and whom to wake."
            says = f"{name}: {count}; the newest: {named[name]}."
            yield broken(Code.INVARIANT_VIOLATED, "books", says, remedy)
    if not any(violations.values()):
        yield fine(Code.INVARIANTS_HOLD, "books", f"all {len(violations)} invariants hold.")


def _chains() -> Iterator[Finding]:
    """Whether audit log and history are as they were written."""
    try:
        with health_connection.connection(
            statement_timeout_s=LONGEST_QUERY_S, every_tenant=True
        ) as link:
            logs = audit_chain.broken(link, most=MOST_NAMED)
            histories = history.broken(link, most=MOST_NAMED)
    except sa.exc.SQLAlchemyError as error:
        says = f"they could not be looked at: {error_text.of_database(error)}."
        yield broken(Code.CHAINS_UNREAD, "chains", says, "The database's own finding says more.")
        return
    remedy = "Somebody rewrote what is append-only: docs/operations.md, 'A broken chain'."
    for whose, line in logs:
        says = f"audit log of {whose}: not as written from line {line} on."
        yield broken(Code.LOG_REWRITTEN, "chains", says, remedy)
    for whose, line in histories:
        says = f"history of {whose}: not as written from line {line} on."
        yield broken(Code.HISTORY_REWRITTEN, "chains", says, remedy)
    if not (logs or histories):
        yield fine(
            Code.CHAINS_WHOLE, "chains", "audit logs and histories are as they were written."
        )
