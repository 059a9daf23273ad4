"""Outcomes as sentences: an order, a refusal with what would pass, a plan, a reconciliation."""

from collections.abc import Iterable
from decimal import Decimal

from rich.console import Group, RenderableType
from rich.text import Text

from tidegate.adapters.cli import figures
from tidegate.adapters.cli.decision_options import OPTION_OF_FIELD
from tidegate.adapters.cli.tables import SHORT_ID, STATE_STYLES, verdicts_table
from tidegate.application.operations import StateReceipt
from tidegate.domain.orders import Order, OrderRecord, TermsChange
from tidegate.domain.outcomes import NoOrderNeeded, OrderPlaced, Plan
from tidegate.domain.reconciliation import DifferenceKind, ReconciliationReport
from tidegate.domain.refusals import AnyRefusal
from tidegate.domain.remedies import IN_OTHER_WORDS
from tidegate.domain.vocabulary import OrderStatus


def terms(order: Order, quantity: Decimal | None = None) -> str:
    """An order in the words of the trade: `BUY 0.00319 BTC-USD LIMIT GTC at 78,300`."""
    size = figures.quantity(order.quantity if quantity is None else quantity)
    words = [order.side.value, size, order.symbol, order.order_type.value]
    if not order.is_taker_only:
        words.append(order.time_in_force.value)
    if order.limit_price is not None:
        words.append(f"{'no worse than' if order.is_taker_only else 'at'} {figures.price(order.limit_price)}")
    if order.trigger_price is not None:
        words.append(f"with trigger {figures.price(order.trigger_price)}")
    if order.trail is not None:
        words.append(f"with trail {figures.price(order.trail)}")
    return " ".join(words)


def standing(record: OrderRecord) -> Text:
    """How one order stands, in one sentence."""
    text = Text(f"{terms(record.order, record.quantity)}: ")
    if record.status is OrderStatus.UNKNOWN:
        text.append("UNKNOWN", style="bold yellow")
        text.append(": the venue has not answered; its full size stays reserved and it is being asked for")
    elif record.refused is not None:
        text.append(f"REFUSED {record.refused.code}", style="red").append(f": {figures.clean(record.refused.message)}")
    else:
        text.append(record.status.value, style="green" if record.filled_quantity else "")
    if record.filled_quantity:
        text.append(f", filled {figures.quantity(record.filled_quantity)} at {figures.price(record.average_price)}")
    return text.append(f"  {record.client_order_id[:SHORT_ID]}", style="dim")


def placed(outcome: OrderPlaced) -> RenderableType:
    """An order that stands for a decision."""
    again = (
        [Text("This decision had been executed before; its order stands:", style="dim")] if outcome.is_repeat else []
    )
    return Group(*again, standing(outcome.order), *changed(outcome.changes))


def changed(changes: Iterable[TermsChange]) -> list[Text]:
    """What review changed about an order."""
    return [
        Text(f"  {change.term}: {change.before} → {change.after} ({change.why})", style="dim") for change in changes
    ]


def refused(refusal: AnyRefusal) -> RenderableType:
    """A refusal: code, sentence, and what would pass, as text and as options."""
    head = Text.assemble((f"Refused {refusal.code}", "bold red"), f": {figures.clean(refusal.message)}")
    remedy = refusal.remedy
    if remedy is None:
        return head
    lines = [
        head,
        Text.assemble(("  What would pass: ", "bold"), figures.clean(remedy.text.removeprefix(IN_OTHER_WORDS))),
    ]
    changes = {OPTION_OF_FIELD[name]: value for name, value in remedy.changes.items() if name in OPTION_OF_FIELD}
    options = " ".join(f"{name} {_option_value(value)}" for name, value in changes.items() if value is not None)
    dropped = " and ".join(name for name, value in changes.items() if value is None)
    if options:
        lines.append(Text(f"  Try it with {options}{f', without {dropped}' if dropped else ''}", style="dim"))
    if remedy.not_before is not None:
        lines.append(Text(f"  Not before {figures.moment(remedy.not_before)} UTC", style="dim"))
    return Group(*lines)


def _option_value(value: object) -> str:
    return figures.quantity(value) if isinstance(value, Decimal) else str(value)


def no_order(outcome: NoOrderNeeded) -> RenderableType:
    """Why no order was needed; of a dry run what it would have been."""
    head = Text.assemble(("No order needed", "bold"), f": {figures.clean(outcome.reason)}")
    return head if outcome.plan is None else Group(head, planned(outcome.plan))


def planned(plan: Plan) -> RenderableType:
    """What executing a decision now would do."""
    if plan.order is None:
        return Text.assemble(("No order", "bold"), f": {figures.clean(plan.reason)}")
    lines: list[RenderableType] = [Text.assemble(("Would send ", "bold"), terms(plan.order))]
    lines.extend(changed(plan.changes))
    costs = [
        f"expected at {figures.price(plan.expected_price)}" if plan.expected_price is not None else "",
        f"at worst {figures.price(plan.worst_price)}" if plan.worst_price is not None else "",
        f"needs {figures.money(plan.cost, plan.cost_currency)}" if plan.cost is not None else "",
        f"fees up to {figures.money(plan.fees)}" if plan.fees is not None else "",
        f"position after {figures.quantity(plan.position_after)}" if plan.position_after is not None else "",
    ]
    lines.append(Text("  " + ", ".join(cost for cost in costs if cost)))
    lines.append(verdicts_table(plan.verdicts))
    lines.append(Text("Nothing was sent, reserved or kept.", style="dim"))
    return Group(*lines)


def outcome(result: OrderPlaced | NoOrderNeeded | AnyRefusal) -> RenderableType:
    """What became of a decision."""
    if isinstance(result, OrderPlaced):
        return placed(result)
    return no_order(result) if isinstance(result, NoOrderNeeded) else refused(result)


def state(receipt: StateReceipt) -> Text:
    """A trading state, and whom it reached."""
    of = f" for {receipt.symbol}" if receipt.symbol else ""
    where = f"in force in {receipt.process} (epoch {receipt.epoch})" if receipt.process else _NOBODY
    return Text.assemble((receipt.state.value, STATE_STYLES[receipt.state]), f"{of}: durable, and {where}")


_NOBODY = "no process is running: the next one starts with it"


def reconciliation(report: ReconciliationReport) -> Group:
    """What one pass found."""
    differs = bool(report.differences or report.suspected)
    verdict, style = (
        ("Records and venue agree", "green")
        if report.agrees
        else ("Records and venue do not agree", "red")
        if differs
        else ("Records and venue could not be compared", "yellow")
    )
    lines = [Text(verdict, style=f"bold {style}")]
    lines.extend(Text(f"  {one.sentence}", style="red") for one in report.differences)
    lines.extend(Text(f"  seen once, not yet counted: {one.sentence}", style="yellow") for one in report.suspected)
    lines.extend(Text(f"  taken up as from outside: {one.sentence}", style="cyan") for one in report.adopted)
    if any(one.kind in (DifferenceKind.BALANCE, DifferenceKind.POSITION) for one in report.differences):
        lines.append(Text("  what came, went or was traded by others is taken up with: reconcile --adopt"))
    if any(one.kind is DifferenceKind.EXTERNAL for one in report.differences):
        lines.append(Text("  what is EXTERNAL is somebody else's: it is counted, and never touched from here"))
    if any(one.kind is DifferenceKind.TERMS_DIFFER for one in report.differences):
        lines.append(Text("  an order whose terms differ is left alone until you have looked at it at the venue"))
    lines.extend(Text(f"  could not be read: {what}", style="yellow") for what in report.unreachable)
    if report.applied or report.resolved:
        fills, orders = figures.counted(report.applied, "fill"), figures.counted(len(report.resolved), "order")
        lines.append(Text(f"  {fills} found, {orders} resolved", style="dim"))
    return Group(*lines)
