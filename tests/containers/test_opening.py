"""Opening: what is bound to an application is bound while it is open, and for whoever opened it."""

import asyncio
import contextvars
from decimal import Context, FloatOperation, Inexact, Rounded, getcontext, localcontext

from tests.application.rig import SPOT, Rig, buy, placed
from tidegate import Decision, Settings, open_application
from tidegate.application.clock_binding import BOUND_CLOCK
from tidegate.domain.decisions import DECISION_SOURCE
from tidegate.domain.vocabulary import Action


async def test_decisions_take_id_and_moment_from_the_open_application() -> None:
    """And from the operating system outside."""
    rig = Rig()
    async with rig.open():
        inside = Decision(action=Action.HOLD)
        assert inside.decided_at == rig.clock.now()
        assert BOUND_CLOCK.get() is rig.clock
    outside = Decision(action=Action.HOLD)

    assert outside.decided_at is None
    assert inside.decision_id != outside.decision_id
    assert DECISION_SOURCE.get(None) is None
    assert BOUND_CLOCK.get(None) is None


async def test_of_two_open_applications_the_later_binds() -> None:
    """Until it is left; both go on trading."""
    one, two = Rig(), Rig(account_id="two")
    async with one.open() as first:
        async with two.open() as second:
            assert BOUND_CLOCK.get() is two.clock
            placed(await first.coordinator.execute_decision(SPOT, buy()))
            placed(await second.coordinator.execute_decision(SPOT, buy()))
        assert BOUND_CLOCK.get() is one.clock


async def test_an_application_may_be_left_by_another_task_than_opened_it() -> None:
    """As frameworks do with what they set up and tear down."""
    opening = open_application(Settings(profile="testing"))
    app = await asyncio.create_task(opening.__aenter__(), context=contextvars.copy_context())
    assert app.dead_loops == {}
    await asyncio.create_task(opening.__aexit__(None, None, None), context=contextvars.copy_context())

    assert BOUND_CLOCK.get(None) is None


async def test_the_testing_profile_opens_without_anything_else() -> None:
    """A venue without prices refuses, and does so in words."""
    async with open_application(Settings(profile="testing")) as app:
        refusal = (await app.coordinator.execute_decision(SPOT, buy())).failure()

    assert refusal.code in ("STALE_MARK", "MARKET_STATE")


async def test_an_application_lives_in_its_own_decimal_context_whatever_the_hosts() -> None:
    """Its parts and its loops; the host finds its own again, inside and afterwards."""
    host = Context(prec=2, traps=[Inexact, Rounded, FloatOperation])
    with localcontext(host):
        rig = Rig(risk={"daily_loss_limit_pct": "0.0512345"}, paper={"opening_balances": {"USD": "123456.789"}})
        mine = getcontext()
        async with rig.open() as app:
            assert getcontext() is mine
            placed(await app.coordinator.execute_decision(SPOT, buy("0.0123")))
            await rig.clock.advance(65)
            assert app.dead_loops == {}
            assert (await app.summary(0)).invariants == "hold"
        assert getcontext() is mine


async def test_a_session_opens_in_any_decimal_context() -> None:
    """The venue's figures are made in ours."""
    with localcontext(Context(prec=2, traps=[Inexact, Rounded])):
        settings = Settings.load(environ={}, store={"url": "memory://"})
        async with open_application(settings, speed=1_000) as app:
            assert (await app.account()).equity == 100_000
