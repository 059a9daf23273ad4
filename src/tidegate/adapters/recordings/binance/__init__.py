"""Recordings made from raw messages of Binance's public streams, as a collector wrote them down line by line."""

from tidegate.adapters.recordings.binance.importing import import_binance

__all__ = ["import_binance"]
