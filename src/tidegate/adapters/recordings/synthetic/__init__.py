"""Synthetic markets: order flow by chance, for a first try, for tests and for load; labelled as what they are."""

from tidegate.adapters.recordings.synthetic.making import (
    PACKAGED_MINUTES,
    PACKAGED_SEED,
    as_installed,
    generate_synthetic,
    packaged_recording_path,
)

__all__ = ["PACKAGED_MINUTES", "PACKAGED_SEED", "as_installed", "generate_synthetic", "packaged_recording_path"]
