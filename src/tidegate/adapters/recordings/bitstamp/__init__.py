"""Recordings made from captures of Bitstamp's public order events."""

from tidegate.adapters.recordings.bitstamp.importing import import_bitstamp
from tidegate.adapters.recordings.bitstamp.report import ImportRejected, ImportReport
from tidegate.adapters.recordings.capture_files import CaptureDamaged

__all__ = ["CaptureDamaged", "ImportRejected", "ImportReport", "import_bitstamp"]
