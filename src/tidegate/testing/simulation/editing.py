"""Editing: what a venue makes of orders and executions that stand: edits, reductions of its own, and busts."""

from decimal import Decimal

from msgspec import Struct

from tidegate.domain.vocabulary import OrderType
from tidegate.testing.simulation.market import BY_SYMBOL
from tidegate.testing.simulation.truth import TrueOrder
from tidegate.testing.simulation.venue import Request, Venue

_BELOW_FILLED = "no more than what has filled"


class Edit(Struct, frozen=True, kw_only=True):
    """An amend as it travels: another total quantity and price for an order."""

    client_order_id: str
    quantity: Decimal
    limit_price: Decimal | None


class EditingVenue(Venue):
    """A venue that changes what stands, when it is asked to and when it is not."""

    def amend(self, edit: Edit) -> str:
        """Work other terms from now on: `done`, or why the old ones stand. Nothing here queues, so no place is lost."""
        orders = self.truth.by_client_id.get(edit.client_order_id, [])
        order = next((one for one in orders if one.is_open), None)
        if order is None:
            return f"it is {orders[0].state}" if orders else "unknown order"
        if edit.quantity <= order.filled:
            return _BELOW_FILLED
        why = self._why_no_edit(order, edit)
        if why:
            return why
        order.quantity = order.asked_quantity = edit.quantity
        order.limit_price, order.reduced_reason, order.changed_at = edit.limit_price, "", self._time()
        self._tell(order, [])
        return "done"

    def _why_no_edit(self, order: TrueOrder, edit: Edit) -> str:
        """The edit is held against the account as an order of what would be left."""
        asked = Request(
            client_order_id=order.client_order_id,
            symbol=order.symbol,
            side=order.side,
            order_type=OrderType.LIMIT,
            time_in_force=order.time_in_force,
            quantity=edit.quantity - order.filled,
            limit_price=edit.limit_price,
            post_only=order.post_only,
            reduce_only=order.reduce_only,
        )
        why = self._why_not(asked)
        return "" if why is None else why.reason

    def prevent_self_trade(self, *, cancels: bool) -> bool:
        """B35: make the oldest resting order of ours smaller, or end it; whether there was one."""
        order = next((one for one in self.truth.open_orders() if not one.is_external), None)
        if order is None:
            return False
        step = BY_SYMBOL[order.symbol].base_increment
        half = (order.left / 2 // step) * step
        if cancels or not half:
            self._end(order, "canceled")
        else:
            order.quantity, order.reduced_reason = order.filled + half, "self-trade prevention"
            order.changed_at = self._time()
            self._tell(order, [])
        return True

    def bust(self) -> bool:
        """S9: take the latest execution of ours back; whether there was one."""
        truth = self.truth
        ours = [one for one in truth.fills if not (one.order.is_external or one.is_reversal or one in truth.busted)]
        if ours:
            truth.bust(ours[-1])
            self.repeat_busts()
        return bool(ours)

    def repeat_busts(self) -> None:
        """Tell once more of what was taken back."""
        for fill in self.truth.fills:
            if fill.is_reversal:
                self._say(fill)

    def overtake(self, edit: Edit, *, goes_below: bool) -> bool:
        """B33, B34: what rests fills in part just before an edit of it arrives; whether it did.

        By half, or as far as the total that is asked for, which is then no more than what has filled.
        """
        orders = self.truth.by_client_id.get(edit.client_order_id, [])
        order = next((one for one in orders if one.is_open and one.limit_price is not None), None)
        if order is None:
            return False
        wanted, step = self._fillable(order), BY_SYMBOL[order.symbol].base_increment
        part = edit.quantity - order.filled if goes_below else (wanted / 2 // step) * step
        if not 0 < part <= wanted or (goes_below and part == order.left):
            return False
        price = order.limit_price or Decimal(0)
        self._tell(order, [self.truth.fill(order, part, price, self._time(), is_taker=False)])
        return True
