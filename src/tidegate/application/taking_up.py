"""Taking up an account: what a desk reads of its store, and what the first start of an account writes."""

from msgspec.structs import replace

from tidegate.application.desk import AccountDesk
from tidegate.application.starts import StartLog
from tidegate.domain.events import AccountOpened
from tidegate.domain.ports import AccountPort
from tidegate.domain.records import CommitOutcome, StepCommitted, StoredAccount, why_not
from tidegate.domain.submissions import Unreachable

_LOOK_SECONDS, _PATIENCE_SECONDS = 0.25, 10.0


class OpeningError(Exception):
    """The application cannot begin: the venue or the store did not give what a start needs. One line says which."""


async def take_up(desk: AccountDesk, starts: StartLog | None = None) -> StoredAccount:
    """Bring the desk to where the store stands; only `starts`, where given, writes how far it has come.

    What the venue says meanwhile is kept waiting until that is done.
    """
    stored = await desk.store.load()
    desk.marks = stored.starts
    if starts is not None:
        await _products_known(desk, stored)
        await starts.begin(stored)
    desk.ledger.load(replace(stored, open_orders=()))
    set_aside = []
    for record in stored.open_orders:
        product = desk.market_data.product(record.symbol)
        if product is None:
            # Without its product nothing that it reserves can be computed.
            desk.quarantined.add(record.client_order_id)
        is_sound = record.client_order_id not in desk.quarantined
        if is_sound and (starts is None or await starts.take_up(record.client_order_id)):
            desk.ledger.recall(record)
        else:
            set_aside.append(record)
            if product is not None:
                # It may still fill, whatever else is wrong with it (R4).
                desk.set_aside[record.client_order_id] = record
                desk.ledger.commitments.update(record, product)
    if stored.account_state is not None:
        desk.ledger.states.set("", stored.account_state)
    for symbol, entry in stored.symbol_states.items():
        desk.ledger.states.set(symbol, entry)
    desk.pace.restore(desk.clock.now(), stored.orders_today, await _sent_today(desk))
    if starts is not None:
        await starts.restrain(tuple(set_aside))
    desk.stats.unknown += sum(record.is_unanswered for record in desk.live_orders())
    desk.taken_up.set()
    return stored


async def _sent_today(desk: AccountDesk) -> dict[str, int]:
    """The day's orders of the symbols that have a limit of their own, as far as that limit goes."""
    today, sent = desk.clock.now().date(), {}
    for symbol in desk.pace.counted_apart:
        limit = desk.risk_manager.limits_for(symbol).max_orders_per_day
        latest = await desk.store.orders(limit=limit, symbol=symbol)
        sent[symbol] = sum(one.sent_at is not None and one.sent_at.date() == today for one in latest)
    return sent


async def _products_known(desk: AccountDesk, stored: StoredAccount) -> None:
    """Wait for a venue that is being connected to: what is open cannot be taken up before it names its products.

    With nothing open, a live account waits for a moment, and begins without.

    Raises:
        OpeningError: it has named none for as long as one request may take, and something is open.
    """
    is_open = bool(stored.open_orders) or any(position.quantity for position in stored.positions)
    if not is_open and not desk.is_live:
        return
    clock, begun = desk.clock, desk.clock.monotonic()
    bound = desk.transmissions.deadline_seconds if is_open else _PATIENCE_SECONDS
    while not desk.market_data.products:
        if clock.monotonic() - begun < bound:
            await clock.sleep(_LOOK_SECONDS)
        elif is_open:
            raise OpeningError(f"the venue has named no product for {bound:g} s, and something is open on this account")
        else:
            return


async def open_account(desk: AccountDesk, account: AccountPort) -> CommitOutcome:
    """The first start of an account: the balances that are there are its own, what is traded among them external.

    Raises:
        OpeningError: the balances cannot be read.
    """
    found = await account.balances()
    if isinstance(found, Unreachable):
        raise OpeningError(f"the balances of a first start could not be read: {found.reason}")
    at = desk.clock.now()
    return await desk.commit(
        at, AccountOpened(account_id=desk.store.account_id, balances=found.balances, equity=None, at=at)
    )


async def check_account(desk: AccountDesk, account: AccountPort) -> None:
    """C5: a key of another account must never trade on this one's records; a venue that cannot be asked proves nothing.

    Raises:
        OpeningError: the venue's account is another than the one that the store is pinned to.
    """
    found = await account.balances()
    if not isinstance(found, Unreachable) and found.account_id not in ("", desk.store.account_id):
        raise OpeningError(f"the key is of account {found.account_id!r}, the store of {desk.store.account_id!r}")


def not_durable(outcome: CommitOutcome, what: str) -> OpeningError | None:
    """The error of a start that the store did not take."""
    if isinstance(outcome, StepCommitted):
        return None
    return OpeningError(f"the store did not take {what}: {why_not(outcome)}")
