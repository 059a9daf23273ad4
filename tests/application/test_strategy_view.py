"""What a strategy sees is what the account's desk has, and nothing that it could change."""

from decimal import Decimal

from tidegate import Action, Decision, Settings, open_application
from tidegate.application.strategy import DeskView, StrategyView
from tidegate.domain.vocabulary import OrderType, TradingState


async def test_a_strategy_sees_market_positions_orders_and_states() -> None:
    """As they stand when it asks."""
    async with open_application(Settings(profile="replay")) as app:
        view: StrategyView = DeskView(app.operations.desk)
        await app.coordinator.execute_decision("BTC-USD", Decision(action=Action.BUY, quantity=Decimal("0.01")))
        resting = Decision(
            action=Action.BUY, quantity=Decimal("0.01"), order_type=OrderType.LIMIT, limit_price=Decimal(50_000)
        )
        await app.coordinator.execute_decision("BTC-USD", resting)

        assert view.now == app.now
        assert [product.symbol for product in view.products] == ["BTC-USD", "BTC-PERP"]
        assert view.product("BTC-USD") == view.products[0]
        assert view.product("NONE") is None
        assert view.market("BTC-USD").book is not None
        assert view.position("BTC-USD").quantity == Decimal("0.01")
        assert view.position("BTC-USD", "another").is_flat
        assert [record.order.decision_id for record in view.open_orders("BTC-USD")] == [resting.decision_id]
        assert view.state("BTC-USD") is TradingState.ACTIVE
        assert view.equity is not None
        assert Decimal(99_000) < view.equity < Decimal(100_000)
        await app.halt("for the test")
        assert view.state("BTC-USD") is TradingState.HALTED
