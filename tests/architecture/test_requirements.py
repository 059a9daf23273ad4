"""What is installed is what was locked: every version pinned, every file known by its hash."""

import re
import tomllib
from pathlib import Path
from typing import Final

import pytest

from tools.architecture_map import ROOT

LOCKS: Final = sorted((ROOT / "requirements").glob("*.txt"))
every_lock = pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)


def pinned(lock: Path) -> dict[str, list[str]]:
    """The requirements of a lock with the hashes that each may have."""
    text = re.sub(r"^#.*\n", "", lock.read_text(encoding="utf-8"), flags=re.MULTILINE).replace("\\\n", " ")
    rows = [row for row in text.splitlines() if row.strip()]
    return {row.split("==")[0].strip(): re.findall(r"--hash=sha256:([0-9a-f]{64})(?!\S)", row) for row in rows}


def name_of(requirement: str) -> str:
    """The normalised name that a requirement begins with."""
    match = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert match is not None, f"{requirement} begins with no name"
    return re.sub(r"[-_.]+", "-", match[0]).lower()


@every_lock
def test_every_requirement_is_pinned_with_hashes(lock: Path) -> None:
    """pip then refuses a file that somebody changed on the way."""
    requirements = pinned(lock)

    assert requirements
    assert [name for name, hashes in requirements.items() if not hashes] == []


@every_lock
def test_a_lock_names_no_host(lock: Path) -> None:
    """Where packages come from is the installer's setting."""
    text = lock.read_text(encoding="utf-8")

    assert "://" not in text
    assert "index-url" not in text


def test_the_locks_cover_what_the_project_asks_for() -> None:
    """A dependency that is added without `make lock` would be missing on a clean clone."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    runtime = {name_of(requirement) for requirement in project["project"]["dependencies"]}
    groups = project["dependency-groups"]
    development = {name_of(item) for group in groups.values() for item in group if isinstance(item, str)}

    assert runtime <= pinned(ROOT / "requirements" / "runtime.txt").keys()
    assert runtime | development <= pinned(ROOT / "requirements" / "dev.txt").keys()


def test_every_dependency_is_imported_somewhere() -> None:
    """Whoever installs Tidegate runs the code of all of them; one that nothing uses is only a risk."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    modules = {name_of(requirement).replace("-", "_") for requirement in project["project"]["dependencies"]}
    sources = (path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py"))
    imported = {name for text in sources for name in re.findall(r"^\s*(?:from|import) (\w+)", text, flags=re.MULTILINE)}

    assert modules - imported == set()


def test_both_locks_agree_on_versions() -> None:
    """The tests run on what users install."""
    runtime, development = (
        (ROOT / "requirements" / name).read_text(encoding="utf-8") for name in ("runtime.txt", "dev.txt")
    )
    versions = set(re.findall(r"^[a-z0-9-]+==\S+", runtime, flags=re.MULTILINE))

    assert versions
    assert versions <= set(re.findall(r"^[a-z0-9-]+==\S+", development, flags=re.MULTILINE))
