"""Recorded markets: their format, their importers and their playback."""
