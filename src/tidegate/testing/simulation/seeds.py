"""Seeds: what a seed makes of a life, its decisions, a random subset of the faults, and how its processes end."""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from msgspec.structs import replace

from tidegate.domain.decisions import Decision
from tidegate.domain.vocabulary import Action, Delivery, OrderType, TimeInForce
from tidegate.testing.simulation.catalogue import KINDS, LATER_KINDS
from tidegate.testing.simulation.dice import Dice
from tidegate.testing.simulation.market import PERPETUAL, SPOT, Market
from tidegate.testing.simulation.plans import Act, Ending, Fault, Plan

LIFE_SECONDS = 600.0
_DECISIONS = (22, 34)
_SHORT_DECISIONS = 8
_SHORT_SECONDS = 30.0
_SHORT_FAULTS = ("B1", "B3", "B5", "B11", "B12", "B16", "B19", "B29", "S1", "S3", "S4")
_STRATEGIES = ("", "", "a", "b")
_SYMBOLS = (SPOT.symbol, SPOT.symbol, PERPETUAL.symbol)
_SIZES = {SPOT.symbol: (1, 18, "0.01"), PERPETUAL.symbol: (1, 30, "0.1")}
_ONLY_A = ("B25", "B26")
_NO_LEANING: Mapping[str, Action] = MappingProxyType({})
_FACTORS = ("0.3", "0.6", "1", "1.5", "4")
_BAD_NUMBERS = ("NaN", "Infinity", "-0", "1e999", "-1", "0." + "1" * 30)
_BAD_IDS = ("", "a\x00b", "id\u202egnp", "a b", "x" * 65, "'; DROP TABLE orders; --")


def plan_of_seed(seed: int, mutant: str = "") -> Plan:
    """The life of a seed."""
    dice = Dice("plan", seed)
    delivery = Delivery.A if dice.happens(0.65) else Delivery.B
    return Plan(
        seed=seed,
        delivery=delivery,
        acts=tuple(sorted((*(acts := _acts(seed, dice)), *_amends(seed, acts)), key=lambda act: act.at)),
        faults=(*_faults(dice, delivery), *_later_faults(seed)),
        endings=_endings(dice),
        seconds=LIFE_SECONDS,
        mutant=mutant,
    )


def short_plan(seed: int) -> Plan:
    """A minute with a few decisions in it, whose processes nobody kills: the ground for trying every crash point."""
    dice = Dice("short", seed)
    market = Market(seed)
    acts = [replace(_decision(dice, market, f"s{number}"), at=1.5 + number * 3.0) for number in range(_SHORT_DECISIONS)]
    faults = tuple(KINDS[one].draw(one, dice) for one in dice.some_of(_SHORT_FAULTS, 0.15))
    return Plan(seed=seed, acts=tuple(acts), faults=faults, seconds=_SHORT_SECONDS, passes=1)


def _faults(dice: Dice, delivery: Delivery) -> tuple[Fault, ...]:
    """A swarm: each kind in or out by a coin of the life's own, so that some lives are calm and some are not."""
    share = dice.one_of((0.0, 0.05, 0.1, 0.2, 0.4))
    drawn = []
    for fault_id, kind in KINDS.items():
        if dice.happens(share) and not (delivery is not Delivery.A and fault_id in _ONLY_A):
            drawn += [kind.draw(fault_id, dice) for _ in range(dice.between(1, 2))]
    return tuple(drawn)


def _later_faults(seed: int) -> tuple[Fault, ...]:
    """A swarm of their own."""
    dice = Dice("later faults", seed)
    share = dice.one_of((0.0, 0.1, 0.2, 0.4))
    return tuple(kind.draw(fault_id, dice) for fault_id, kind in LATER_KINDS.items() if dice.happens(share))


def _amends(seed: int, acts: list[Act]) -> list[Act]:
    """Orders that may rest are asked to be larger or smaller, dearer or cheaper, at times in the moment of a halt."""
    dice = Dice("amends", seed)
    amends: list[Act] = []
    for act in acts:
        decision = act.decision
        if decision is None or decision.limit_price is None or dice.happens(0.6):
            continue
        for _ in range(dice.between(1, 2)):
            at = round(act.at + dice.uniform(0.3, dice.one_of((2, 20, 80))), 3)
            factor, basis_points = Decimal(dice.one_of(_FACTORS)), dice.one_of((0, 0, -20, -5, 5, 20))
            amend = Act(at=at, verb="amend", target=decision.decision_id, factor=factor, basis_points=basis_points)
            amends.append(amend)
            if dice.happens(0.1):
                amends.append(Act(at=round(at + dice.one_of((0.0, 0.003)), 3), verb=dice.one_of(("halt", "reduce"))))
                amends.append(Act(at=round(at + dice.uniform(5, 40), 3), verb="resume"))
            if dice.happens(0.1):
                amends.append(Act(at=round(at + dice.uniform(0, 0.3), 3), verb="cancel", target=decision.decision_id))
    return amends


def _endings(dice: Dice) -> tuple[Ending, ...]:
    """A kill and a restart at least; at times in recovery, in a shutdown, or with another process taking over."""
    endings = [Ending(point=dice.between(1, 500), pause=round(dice.uniform(0.5, 30), 3))]
    while dice.happens(0.4) and len(endings) < 4:
        endings.append(Ending(point=dice.between(1, dice.one_of((12, 60, 400))), pause=round(dice.uniform(0.5, 9), 3)))
    at = round(dice.uniform(300, 560), 3)
    if dice.happens(0.4):
        endings.append(Ending(at=at, is_stop=True, point=dice.between(0, 6), pause=2.0))
    elif dice.happens(0.3):
        endings.append(Ending(at=at, is_taken_over=True))
    return tuple(endings)


def _acts(seed: int, dice: Dice) -> list[Act]:
    market, leaning = Market(seed), _leaning(seed)
    acts: list[Act] = []
    for number in range(dice.between(*_DECISIONS)):
        act = _decision(dice, market, f"d{number}", leaning)
        acts.append(act)
        acts += _sequel(dice, act)
    for verb, probability in (
        ("halt", 0.1),
        ("reduce", 0.1),
        ("cancel_all", 0.15),
        ("close", 0.15),
        ("reconcile", 0.2),
    ):
        if dice.happens(probability):
            acts.append(Act(at=_time(dice), verb=verb, symbol=dice.one_of(_SYMBOLS)))
    acts += [Act(at=_time(dice), verb="resume") for _ in range(dice.between(1, 3))]
    return acts


def _leaning(seed: int) -> dict[str, Action]:
    """In a quarter of the lives all decisions of a symbol go one way, so that the bounds of exposure bind."""
    dice = Dice("leaning", seed)
    if not dice.happens(0.25):
        return {}
    return {SPOT.symbol: Action.BUY, PERPETUAL.symbol: dice.one_of((Action.BUY, Action.SELL))}


def _time(dice: Dice) -> float:
    return round(dice.uniform(2, LIFE_SECONDS - 40), 3)


def _decision(dice: Dice, market: Market, name: str, leaning: Mapping[str, Action] = _NO_LEANING) -> Act:
    at, symbol = _time(dice), dice.one_of(_SYMBOLS)
    low, high, unit = _SIZES[symbol]
    decision = Decision(
        action=dice.one_of((Action.BUY, Action.BUY, Action.BUY, Action.SELL, Action.SELL, Action.CLOSE)),
        decision_id=name,
        strategy_id=dice.one_of(_STRATEGIES),
        decided_at=None,
    )
    if decision.action is not Action.CLOSE:
        decision = replace(decision, action=leaning.get(symbol, decision.action))
        decision = _sized(dice, market, decision, symbol, at, dice.between(low, high) * Decimal(unit))
    if dice.happens(0.08):
        decision = _spoilt(dice, decision)
    if dice.happens(0.03):
        symbol = dice.one_of(("DOGE-USD", "btc-usd", "BTC-USD\x00"))
    valid = round(dice.uniform(0.05, 40), 3) if dice.happens(0.2) else None
    return Act(at=at, verb="decide", symbol=symbol, decision=decision, valid_seconds=valid)


def _sized(dice: Dice, market: Market, decision: Decision, symbol: str, at: float, quantity: Decimal) -> Decision:
    """A market order, a limit that rests or crosses, or a reduction."""
    decision = replace(decision, quantity=quantity, reduce_only=dice.happens(0.2))
    if dice.happens(0.45):
        return decision
    sign = 1 if decision.action is Action.BUY else -1
    offset = dice.one_of((-30, -10, -3, -1, 2)) * sign
    price = market.cents(symbol, int(at)) * (10_000 + offset) // 10_000
    is_post_only = dice.happens(0.2)
    forces = (TimeInForce.GTC, TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK)
    return replace(
        decision,
        order_type=OrderType.LIMIT,
        limit_price=Decimal(price).scaleb(-2),
        post_only=is_post_only,
        time_in_force=TimeInForce.GTC if is_post_only else dice.one_of(forces),
    )


def _spoilt(dice: Dice, decision: Decision) -> Decision:
    """N1, N3, N4 and B23: what no order can be made of."""
    if dice.happens(0.5):
        return replace(decision, quantity=Decimal(dice.one_of(_BAD_NUMBERS)))
    if dice.happens(0.3):
        return replace(decision, quantity=Decimal("0.00001"), reduce_only=False)
    return replace(decision, decision_id=dice.one_of(_BAD_IDS))


def _exits(dice: Dice, act: Act, decision: Decision) -> list[Act]:
    """Two exits from the same position, one of which may still be working, or unknown, when the other comes."""
    side = Action.SELL if decision.action is Action.BUY else Action.BUY
    exits = [
        replace(decision, decision_id=f"{decision.decision_id}e{number}", action=side, reduce_only=True)
        for number in range(2)
    ]
    if dice.happens(0.6):
        # Far from the market, where it rests.
        price = Decimal(60_000 if side is Action.SELL else 40_000) / (1 if act.symbol == SPOT.symbol else 40)
        exits[0] = replace(exits[0], order_type=OrderType.LIMIT, limit_price=price, time_in_force=TimeInForce.GTC)
    if dice.happens(0.4):
        exits[1] = replace(exits[1], action=Action.CLOSE, quantity=None, reduce_only=False)
    first = act.at + dice.uniform(0.5, 20)
    times = (first, first + dice.uniform(0, 20))
    return [replace(act, at=round(at, 3), decision=one) for at, one in zip(times, exits, strict=True)]


def _sequel(dice: Dice, act: Act) -> list[Act]:
    """What may follow a decision: it comes again, comes again changed, is called off, or is given up."""
    acts: list[Act] = []
    decision = act.decision
    if decision is None:
        return acts
    if dice.happens(0.2):
        acts.append(replace(act, at=round(act.at + dice.uniform(0, 60), 3)))
    if dice.happens(0.08):
        other = replace(decision, reason="other content")
        acts.append(replace(act, at=round(act.at + dice.uniform(0, 60), 3), decision=other))
    if dice.happens(0.25):
        after = dice.one_of((0.3, 5.0, 60.0))
        acts.append(Act(at=round(act.at + dice.uniform(0, after), 3), verb="cancel", target=decision.decision_id))
    if dice.happens(0.06):
        acts.append(Act(at=round(act.at + dice.uniform(0, 0.5), 3), verb="give_up", target=decision.decision_id))
    if dice.happens(0.05):
        # X6: an operator halts in the same moment, and looks again later.
        acts.append(Act(at=round(act.at + dice.one_of((0.0, 0.002, 0.005)), 3), verb=dice.one_of(("halt", "reduce"))))
        acts.append(Act(at=round(act.at + dice.uniform(5, 60), 3), verb="resume"))
    if decision.limit_price is None and decision.action is not Action.CLOSE and dice.happens(0.3):
        acts += _exits(dice, act, decision)
    if dice.happens(0.15):
        # X3: another strategy wants the same, at the same moment.
        twin = replace(decision, decision_id=decision.decision_id + "x", strategy_id="twin")
        acts.append(replace(act, decision=twin))
    return acts
