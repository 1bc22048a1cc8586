"""`zampay doctor`: is everything in order? Says in plain words what is wrong and what to do."""

import logging
import sys
from collections.abc import Iterator

import click
import sqlalchemy as sa
from flask import current_app
from flask.cli import with_appcontext

from zampay.cli import output
from zampay.infra.database import db
from zampay.infra.health import clock_skew, health_connection, readiness
from zampay.infra.telemetry import error_text
from zampay.kernel.findings import Finding, Verdict, advice, broken, fine
from zampay.providers import registry
from zampay.tenants import audit_chain
from zampay.transfers import history, invariants
from zampay.webhooks import rotate_encryption

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
        if check.verdict is readiness.Verdict.OK:
            yield fine(check.name, f"{check.says}.")
        else:
            named = _named_database() if check.name == "database" else ""
            yield broken(check.name, f"{check.says}.", named + _remedy(check))
    yield from _clock()
    yield from _books()
    yield from _chains()
    yield from _secrets()
    for code, network in registry.served(livemode=True).items():
        yield fine(code, "configured; asking it ...")
        yield from network.diagnose()
    if not registry.served(livemode=True):
        remedy = "Set the variables of one; `.env.example` lists them."
        yield advice("networks", "none is configured: live payments are refused.", remedy)


def _named_database() -> str:
    """What DATABASE_URL leads to, without its password."""
    url = db.db.engine.url
    hosts = url.query.get("host") or f"{url.host or 'this machine'}:{url.port or 5432}"
    listed = hosts if isinstance(hosts, str) else ", ".join(hosts)
    return f"DATABASE_URL names the role {url.username}, {listed} and {url.database}. "


def _configuration() -> Iterator[Finding]:
    """What the start does not refuse, but an operator should know."""
    settings = current_app.config
    yield fine("configuration", "complete: the program starts with it.")
    if settings["IS_DEVELOPMENT"]:
        says = "APP_ENV is development or test: conveniences are on that production must not have."
        yield advice("configuration", says, "Set APP_ENV=production or staging.")
        return
    if not settings["TRUSTED_PROXIES"]:
        says = "TRUSTED_PROXIES is 0: behind a proxy every request looks like http from one client."
        yield advice("configuration", says, "Set it to the number of proxies in front.")
    if settings["REGISTRATION_OPEN"]:
        says = "anybody may register (test keys only, unless registration activates)."
        remedy = (
            "Where that is not wanted set REGISTRATION_OPEN=false, and make merchants with "
            "`zampay tenant create`."
        )
        yield advice("configuration", says, remedy)
    if current_app.extensions["metrics_token"] is None:
        says = "METRICS_TOKEN is not set: there are no metrics, and no alerts."
        yield advice("configuration", says, "Set it, and give it to Prometheus.")


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
        yield fine("clock", says)
    else:
        remedy = "Let NTP set both. Payments go by the database's time, certificates by this one."
        yield broken("clock", says, remedy)


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
        yield broken("books", says, remedy)
        return
    if bypasses:
        remedy = "Connect as a plain role that owns the database."
        yield broken(
            "role", f"{role} bypasses row-level security: tenants are not separated.", remedy
        )
    else:
        yield fine("role", f"row-level security applies to {role}.")
        if current_app.config["APP_ROLE"] is None and not current_app.config["IS_DEVELOPMENT"]:
            says = f"{role} owns the tables and does the work of web and worker as well."
            yield advice("role", says, "Two roles are safer: docs/operations.md, Database roles.")
    for name, count in violations.items():
        if count:
            remedy = "docs/runbooks/InvariantViolated.md says how to look and whom to wake."
            yield broken("books", f"{name}: {count}; the newest: {named[name]}.", remedy)
    if not any(violations.values()):
        yield fine("books", f"all {len(violations)} invariants hold.")


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
        yield broken("chains", says, "The database's own finding says more.")
        return
    remedy = "Somebody rewrote what is append-only: docs/operations.md, 'A broken chain'."
    for whose, line in logs:
        yield broken("chains", f"audit log of {whose}: not as written from line {line} on.", remedy)
    for whose, line in histories:
        yield broken("chains", f"history of {whose}: not as written from line {line} on.", remedy)
    if not (logs or histories):
        yield fine("chains", "audit logs and histories are as they were written.")


def _secrets() -> Iterator[Finding]:
    """Whether SECRET_KEY alone decrypts the secrets of webhooks."""
    subject = "webhook secrets"
    try:
        found = rotate_encryption.examine()
    except sa.exc.SQLAlchemyError as error:
        remedy = "The database's own finding says more."
        says = f"they could not be looked at: {error_text.of_database(error)}."
        yield broken(subject, says, remedy)
        return
    if found.lost:
        names = ", ".join(sorted({endpoint_id for endpoint_id, _ in found.lost}))
        yield broken(subject, f"no key decrypts those of {names}.", rotate_encryption.REMEDY)
    if found.earlier:
        says = f"only SECRET_KEY_PREVIOUS decrypts {found.earlier} of them."
        yield advice(subject, says, f"Run `{rotate_encryption.COMMAND}` before you drop it.")
    if not (found.lost or found.earlier):
        yield fine(subject, f"SECRET_KEY decrypts all {found.current}.")
