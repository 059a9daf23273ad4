"""Recording a market while it happens: feeds, the recorder, and what can be saved of a recording that broke off."""

from tidegate.adapters.recordings.live.feeds import MarketFeed
from tidegate.adapters.recordings.live.recorder import Recorder, record
from tidegate.adapters.recordings.live.salvage import salvage

__all__ = ["MarketFeed", "Recorder", "record", "salvage"]
