"""Sessions: a recording played to the simulated venue, at a pace or as fast as it goes."""

from tidegate.adapters.sessions.opening import prepare_session
from tidegate.adapters.sessions.session import MarketSession, SessionProgress

__all__ = ["MarketSession", "SessionProgress", "prepare_session"]
