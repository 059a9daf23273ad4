"""The summary of a run: what was decided, sent, filled and refused, and where it left the account."""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from tidegate.application.audit import words
from tidegate.application.desk import AccountDesk
from tidegate.application.tally import Tally
from tidegate.domain.amounts import exact
from tidegate.domain.positions import Position
from tidegate.domain.refusals import AnyRefusal


class RunSummary(Struct, frozen=True, kw_only=True):
    """One run in figures.

    `filled` orders with at least one fill, `refused` by code, `unknown` orders without a known outcome now, `positions`
    signed quantities by symbol, `large_fills` those of more than a tenth of what was there, `equity` in the reporting
    currency and `opening_equity` the day's, `fees` and `realized_pnl` in quote currency, `invariants` "hold" or the
    numbers broken, `broken` what broke them, `seconds` of the application's clock; `restrained` symbols take no
    entries, each with why.
    """

    decisions: int
    orders: int
    filled: int
    fills: int
    large_fills: int
    no_order: int
    refused: dict[str, int]
    unknown: int
    positions: dict[str, Decimal]
    equity: Decimal | None
    opening_equity: Decimal | None
    fees: Decimal
    realized_pnl: Decimal
    invariants: str | list[int]
    broken: dict[int, str]
    seconds: float
    restrained: dict[str, str]

    @classmethod
    @exact
    def of(
        cls,
        tally: Tally,
        desk: AccountDesk,
        broken: dict[int, str],
        seconds: float,
        unreadable: Sequence[AnyRefusal] = (),
    ) -> "RunSummary":
        refused = Counter(tally.refused)
        refused.update(refusal.code for refusal in unreadable)
        refused.update(desk.unrecorded)
        held: Sequence[Position] = desk.ledger.open_positions
        sums: dict[str, Decimal] = {}
        for position in held:
            sums[position.symbol] = sums.get(position.symbol, Decimal(0)) + position.quantity
        return cls(
            decisions=tally.decisions + len(unreadable) + desk.unrecorded.total(),
            orders=tally.orders,
            filled=desk.filled_orders,
            fills=tally.fills,
            large_fills=tally.large_fills,
            no_order=tally.no_order,
            refused=dict(sorted(refused.items())),
            unknown=sum(record.is_unanswered for record in desk.live_orders()),
            positions=dict(sorted(sums.items())),
            equity=desk.equity(),
            opening_equity=desk.ledger.day_opening_equity,
            fees=sum((position.fees for position in held), Decimal(0)),
            realized_pnl=sum((position.realized_pnl for position in held), Decimal(0)),
            invariants=words(broken),
            broken=broken,
            seconds=round(seconds, 3),
            restrained={symbol: entry.reason for symbol, entry in sorted(desk.ledger.states.symbols.items())},
        )
