"""`zampay payment list` and `zampay payment today`: which payments there are, what they come to."""

import os
import sys
import textwrap
from datetime import date, datetime, timedelta
from typing import Any

import click
from flask.cli import with_appcontext

from zampay.kernel import clock, msisdn, spreadsheet, words
from zampay.kernel.clock import rfc3339
from zampay.kernel.money import Money, NotMoney
from zampay.tenants.models import Tenant
from zampay.transfers import operator_actions, searches
from zampay.transfers.models import Transfer
from zampay.transfers.queries import Filter
from zampay.transfers.searches import LUSAKA, Figures, Search
from zampay.transfers.states import State

_HEAD = "{:30}  {:11}  {:4}  {:16}"
_CSV = (
    *("payment", "state", "mode", "created", "amount", "currency", "number", "external id"),
    *("provider", "reference", "failure", "merchant", "tenant"),
)
_FIGURES = "{:28.28}  {:4}  {:>8}  {:>8}  {:>14}  {:>6}"


def day(text: str) -> date:
    """`2026-01-31`, `today` or `yesterday`."""
    today = clock.utcnow().astimezone(LUSAKA).date()
    if text in {"today", "yesterday"}:
        return today if text == "today" else today - timedelta(days=1)
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is no day such as 2026-01-31.") from error


def time(text: str) -> datetime:
    """`2026-01-31T12:00:00Z`, or `2026-01-31`: midnight in Zambia."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is no time such as 2026-01-31T12:00:00Z.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=LUSAKA)


def number(text: str) -> str:
    """Its twelve digits, however people write it."""
    try:
        return msisdn.parse(text)
    except msisdn.NotMobileNumber as error:
        raise click.BadParameter(f"It {error}.") from error


def amount(text: str) -> int:
    """Kwacha, in ngwee."""
    try:
        return Money.parse(text, "ZMW").amount_minor
    except NotMoney as error:
        raise click.BadParameter(f"It {error}.") from error


def entry(text: str) -> tuple[str, str]:
    """Name and value of `order=1042`."""
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise click.BadParameter(f"{text!r} is not such as order=1042.")
    return name, value


@click.command("list")
@click.option("--state", type=click.Choice([str(one) for one in State]), help="In this state.")
@click.option("--open", "is_open", is_flag=True, help="Only payments that have not ended.")
@click.option(
    "--discrepancies", is_flag=True, help="Only payments with a contradiction nobody has closed."
)
@click.option("--live/--test", "livemode", default=None, help="Only live, or only test payments.")
@click.option("--merchant", help="Of this tenant id, or with this in name or e-mail.")
@click.option("--number", "numbers", multiple=True, type=number, help="From this number.")
@click.option("--external-id", "external_ids", multiple=True, help="The merchant's own id.")
@click.option(
    "--reference",
    "references",
    multiple=True,
    help="The network's id of the money, or ours of the request.",
)
@click.option(
    "--metadata", "entries", multiple=True, type=entry, help="With this entry: order=1042."
)
@click.option("--amount", "amount_minor", type=amount, help="Of exactly this amount.")
@click.option("--since", type=time, help="Made then or later: a time, or a day in Zambia.")
@click.option("--day", type=day, help="Made on this day in Zambia; also today, yesterday.")
@click.option("--oldest-first", is_flag=True, help="Oldest first instead of newest first.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@click.option("--csv", "as_csv", is_flag=True, help="For a spreadsheet.")
@with_appcontext
def list_payments(*, limit: int, as_csv: bool, **options: Any) -> None:
    """List payments of every merchant, newest first.

    Options narrow each other; one that is given twice means either. Times are Zambia's.
    """
    found = operator_actions.search(_search(**options), limit=limit + 1)
    if as_csv:
        lines = [_cells(payment, tenant) for payment, tenant in found[:limit]]
        click.echo(spreadsheet.table([_CSV, *lines]), nl=False)
        click.echo(_more(limit), err=True, nl=False) if len(found) > limit else None
        return
    click.echo(_HEAD.format("payment", "state", "mode", "created (CAT)"))
    for payment, tenant in found[:limit]:
        click.echo(_shown(payment, tenant))
    if not found:
        click.echo("There is none.")
    if len(found) > limit:
        click.echo(_more(limit), nl=False)


def _more(limit: int) -> str:
    return f"There are more than these {limit}: --limit shows them.\n"


def _search(
    *,
    state: str | None,
    numbers: tuple[str, ...],
    external_ids: tuple[str, ...],
    references: tuple[str, ...],
    entries: tuple[tuple[str, str], ...],
    discrepancies: bool,
    since: datetime | None,
    day: date | None,
    **others: Any,
) -> Search:
    if since is not None and day is not None:
        raise click.UsageError("--since and --day exclude each other.")
    ends_at = None
    if day is not None:
        since = datetime.combine(day, datetime.min.time(), LUSAKA)
        ends_at = since + timedelta(days=1)
    metadata: dict[str, list[str]] = {}
    for name, value in entries:
        metadata.setdefault(name, []).append(value)
    return Search(
        state=State(state) if state else None,
        in_dispute=discrepancies,
        references=references,
        filter=Filter(
            external_ids=external_ids or None,
            msisdns=numbers or None,
            metadata=metadata,
            created_from=since,
            created_to=ends_at,
        ),
        **others,
    )


def _shown(payment: Transfer, tenant: Tenant) -> str:
    """One line where nobody says how wide lines may be, else as many as fit the terminal."""
    mode, reference = "live" if payment.livemode else "test", payment.provider_transaction_id
    made_at = payment.created_at.astimezone(LUSAKA).strftime("%Y-%m-%d %H:%M")
    head = _HEAD.format(payment.id, payment.state, mode, made_at)
    rest = [
        f"{payment.money} {payment.currency}",
        msisdn.masked(payment.msisdn),
        words.visible(payment.external_id),
        *([payment.failure["code"]] if payment.failure else []),
        *([words.visible(reference)] if reference else []),
        words.visible(tenant.business_name),
        payment.tenant_id,
    ]
    width = _width()
    if width is None:
        return "  ".join([head, *rest])
    more = textwrap.wrap("  ".join(rest), width, initial_indent="    ", subsequent_indent="    ")
    return "\n".join([head, *more])


def _width() -> int | None:
    """What COLUMNS says, else the columns of the terminal; None where neither is there, as when the
    lines go into a file or another program.
    """
    told = os.environ.get("COLUMNS", "")
    if told.isdecimal() and int(told) > 0:
        return int(told)
    return os.get_terminal_size(sys.stdout.fileno()).columns if sys.stdout.isatty() else None


def _cells(payment: Transfer, tenant: Tenant) -> list[str]:
    return [
        payment.id,
        payment.state,
        "live" if payment.livemode else "test",
        rfc3339(payment.created_at),
        str(payment.money),
        payment.currency,
        msisdn.masked(payment.msisdn),
        payment.external_id,
        payment.provider,
        payment.provider_transaction_id or "",
        payment.failure["code"] if payment.failure else "",
        words.visible(tenant.business_name),
        payment.tenant_id,
    ]


@click.command("today")
@click.option("--day", type=day, default="today", help="Another day: 2026-01-31, yesterday.")
@click.option("--csv", "as_csv", is_flag=True, help="For a spreadsheet.")
@with_appcontext
def today(*, day: date, as_csv: bool) -> None:
    """Show a day in Zambia by merchant and mode: count, paid, sum paid, share paid.

    The share is that of the payments that have ended.
    """
    found = searches.figures_of(day)
    names = ("merchant", "mode", "payments", "paid", "sum paid", "share")
    if as_csv:
        click.echo(spreadsheet.table([names, *(_figures(one) for one in found)]), nl=False)
        return
    click.echo(f"{day}, from midnight to midnight in Zambia")
    click.echo(_FIGURES.format(*names))
    for one in found:
        click.echo(_FIGURES.format(*_figures(one)))
    if not found:
        click.echo("There is none.")


def _figures(one: Figures) -> list[str]:
    paid = str(Money(one.paid_minor, one.currency)) if one.paid_minor else "0.00"
    return [
        words.visible(one.tenant.business_name),
        "live" if one.livemode else "test",
        str(one.transfers),
        str(one.paid),
        f"{paid} {one.currency}",
        one.share_paid,
    ]
