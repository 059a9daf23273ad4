"""Lines in use: the products that an account has to do with, so that a venue's hundreds of others cost nothing."""

from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct

from tidegate.domain.booking import ACCOUNT
from tidegate.domain.ledger import Ledger
from tidegate.domain.positions import PositionHistory
from tidegate.domain.products import Product


class Line(Struct, frozen=True, gc=False):
    """One product with what is looked up for it: where its account position is kept, and the coins that it sells.

    `external_in` is the currency of which an opening balance is a holding of none of our making, on the one line of
    those that sell it where it is counted; empty where there is none: derivatives, and what everything is reckoned in,
    which is money, whoever trades it.
    """

    product: Product
    symbol: str
    key: tuple[str, str]
    external_in: str


class LinesInUse:
    """What has a history, has had live orders, or is held from before; `margined` are the derivatives among them.

    `alone` is the one pair of coins and reporting currency that the account holds and trades, if that is all there is;
    `gone` what is held of products that the venue no longer has.
    """

    def __init__(
        self, lines: Mapping[str, Line], reporting_currency: str, spot_into_reporting: Mapping[str, str]
    ) -> None:
        self._all = lines
        self._reporting_currency = reporting_currency
        self._spot_into_reporting = spot_into_reporting
        self._read_from: tuple[int, int, int, dict[str, Decimal]] = (-1, -1, -1, {})
        self.lines: tuple[Line, ...] = ()
        self.margined: tuple[Line, ...] = ()
        self.gone: tuple[PositionHistory, ...] = ()
        self.alone: Line | None = None

    @property
    def holds_what_is_gone(self) -> bool:
        """Whether something is held that cannot be priced any more."""
        return any(history.position.quantity for history in self.gone)

    def look_up(self, ledger: Ledger) -> None:
        """Look again if anything new has begun; what has begun stays, so that counting tells."""
        positions, by_symbol, opening = ledger.positions, ledger.commitments.by_symbol, ledger.opening_balances
        histories, symbols, currencies, opened = self._read_from
        if (
            len(positions) == histories
            and len(by_symbol) == symbols
            and len(ledger.balances) == currencies
            and opening is opened
        ):
            return
        self._read_from = (len(positions), len(by_symbol), len(ledger.balances), opening)
        self.lines = tuple(
            line
            for line in self._all.values()
            if line.key in positions or line.symbol in by_symbol or opening.get(line.external_in)
        )
        self.margined = tuple(line for line in self.lines if not line.product.is_spot)
        self.gone = tuple(
            history for (symbol, owner), history in positions.items() if owner == ACCOUNT and symbol not in self._all
        )
        self.alone = self._only_pair(ledger)

    def _only_pair(self, ledger: Ledger) -> Line | None:
        line = self.lines[0] if len(self.lines) == 1 else None
        if line is None or self.gone or self._spot_into_reporting.get(line.external_in) != line.symbol:
            return None
        return line if {*ledger.balances} <= {self._reporting_currency, line.external_in} else None
