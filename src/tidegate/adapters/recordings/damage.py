"""The one way in which a recording is refused: the file, the line and the reason, in one line."""

from pathlib import Path


class RecordingDamaged(Exception):
    """A recording that cannot be trusted: truncated, altered, or not as the format says.

    `line` counts from 1, the header, in the uncompressed text; where the compressed data break off it is the first line
    that could not be read whole.
    """

    def __init__(self, path: Path, line: int, reason: str) -> None:
        self.path = path
        self.line = line
        self.reason = " ".join(reason.split())
        super().__init__(path, line, reason)

    def __str__(self) -> str:
        return f"{self.path}, line {self.line}: {self.reason}"
