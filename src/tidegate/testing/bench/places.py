"""Places: a folder on a real disk, since a commit to memory proves nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

_LASTING = Path("/var/tmp")  # noqa: S108 -- the system's own folder for what may be large; ours in it is private


@contextmanager
def disk_folder() -> Iterator[Path]:
    """A private folder that is gone afterwards: in /var/tmp, which is kept on a disk, else where temporaries go."""
    parent = _LASTING if _LASTING.is_dir() else None
    with TemporaryDirectory(prefix="tidegate-bench-", dir=parent) as folder:
        yield Path(folder)
