"""Captures written by hand, in the layout of the collector, for the tests of the Bitstamp importer."""

import gzip
import json
from pathlib import Path
from typing import Any, Self

OPENED_AT_MS = 1_777_689_380_521
_LAG_MS = 80

ORDER_COLUMNS = "id,timestamp,exchange_timestamp,price,volume,action,direction"
TRADE_COLUMNS = "trade_id,timestamp,exchange_timestamp,price,amount,buy_order_id,sell_order_id,side"


class CaptureText:
    """A capture in the making; times are milliseconds after the opening snapshot."""

    def __init__(self) -> None:
        self.orders = [ORDER_COLUMNS]
        self.trades = [TRADE_COLUMNS]
        self.meta: dict[str, Any] = {"pair": "btcusd", "reconnects": 0}
        self._trade_count = 0

    def order(self, action: str, at: int, order_id: int, direction: str, price: str, volume: str) -> Self:
        """One order event."""
        at_ms = OPENED_AT_MS + at
        self.orders.append(f"{order_id},{at_ms + _LAG_MS},{at_ms},{price},{volume},{action},{direction}")
        return self

    def bid(self, at: int, order_id: int, price: str, volume: str = "1.0") -> Self:
        return self.order("created", at, order_id, "bid", price, volume)

    def ask(self, at: int, order_id: int, price: str, volume: str = "1.0") -> Self:
        return self.order("created", at, order_id, "ask", price, volume)

    def trade(self, at: int, price: str, amount: str, buyer: int, seller: int, side: str) -> Self:
        """One trade; `side` is the aggressor's."""
        self._trade_count += 1
        at_ms = OPENED_AT_MS + at
        self.trades.append(f"{self._trade_count},{at_ms + _LAG_MS},{at_ms},{price},{amount},{buyer},{seller},{side}")
        return self

    def synthetic_end(self, at: int, *resting: tuple[int, str, str, str]) -> Self:
        """The deletes that the collector makes up when it stops: seen and dated at one moment."""
        at_ms = OPENED_AT_MS + at
        for order_id, direction, price, volume in resting:
            self.orders.append(f"{order_id},{at_ms},{at_ms},{price},{volume},deleted,{direction}")
        return self

    def save(self, folder: Path) -> Path:
        """The three files, as the package carries them."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "orders.csv.gz").write_bytes(gzip.compress(self.orders_text(), mtime=0))
        (folder / "trades.csv").write_bytes(self.trades_text())
        (folder / "meta.json").write_text(json.dumps(self.meta), encoding="utf-8")
        return folder

    def orders_text(self) -> bytes:
        return ("\n".join(self.orders) + "\n").encode()

    def trades_text(self) -> bytes:
        return ("\n".join(self.trades) + "\n").encode()


def opened() -> CaptureText:
    """An opening book of two bids (1 at 99, 2 at 98) and two asks (3 at 101, 4 at 102), each of 1."""
    return CaptureText().bid(0, 1, "99.0").bid(0, 2, "98.0").ask(0, 3, "101.0").ask(0, 4, "102.0")
