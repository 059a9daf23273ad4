"""Keep the table of ARCHITECTURE.md equal to what the modules say of themselves: `--write` brings it up to date."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
PACKAGE: Final = ROOT / "src" / "tidegate"
PAGE: Final = ROOT / "ARCHITECTURE.md"
BEGIN: Final = "<!-- map: written by `make docs` from the modules' docstrings -->"
END: Final = "<!-- end of the map -->"
_HEAD: Final = ("| path | idea |", "|---|---|")
_SENTENCE_END: Final = re.compile(r"(?<=[.!?])\s+(?=[A-Z`])")
_ROW: Final = re.compile(r"^\| `(?P<path>[^`]+)` \| (?P<idea>.*) \|$")


def modules(package: Path = PACKAGE) -> Iterator[Path]:
    """Every module of the package, each package ahead of what it holds."""
    here = package / "__init__.py"
    if here.exists():
        yield here
    for entry in sorted(package.iterdir(), key=lambda path: (path.is_dir(), path.name)):
        if entry.is_dir() and entry.name != "__pycache__":
            yield from modules(entry)
        elif entry.suffix == ".py" and entry.name != "__init__.py":
            yield entry


def path_on_the_map(module: Path, package: Path = PACKAGE) -> str:
    """A package stands on the map as its folder, a module as its file."""
    relative = module.relative_to(package.parent)
    return f"{relative.parent.as_posix()}/" if relative.name == "__init__.py" else relative.as_posix()


def idea(module: Path) -> str:
    """The first sentence of the module's docstring, on one line; empty if it says nothing."""
    docstring = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or ""
    paragraph = " ".join(docstring.split("\n\n", maxsplit=1)[0].split())
    return _SENTENCE_END.split(paragraph, maxsplit=1)[0]


def from_the_code(package: Path = PACKAGE) -> dict[str, str]:
    """The map as the code tells it: path → idea."""
    return {path_on_the_map(module, package): idea(module) for module in modules(package)}


def from_the_page(text: str) -> dict[str, str]:
    """The map as the page tells it: path → idea.

    Raises:
        ValueError: the page has no map, or a row that cannot be read.
    """
    if BEGIN not in text or END not in text:
        raise ValueError("ARCHITECTURE.md has lost the marks around its map")
    rows = text.split(BEGIN, maxsplit=1)[1].split(END, maxsplit=1)[0].strip().splitlines()
    told: dict[str, str] = {}
    for row in rows[len(_HEAD) :]:
        match = _ROW.match(row)
        if match is None:
            raise ValueError(f"a row of the map cannot be read: {row}")
        told[match["path"]] = match["idea"].replace("\\|", "|")
    return told


def written(text: str, told: dict[str, str]) -> str:
    """The page with its map replaced by this one."""
    rows = [f"| `{path}` | {sentence.replace('|', chr(92) + '|')} |" for path, sentence in told.items()]
    before, rest = text.split(BEGIN, maxsplit=1)
    after = rest.split(END, maxsplit=1)[1]
    return before + "\n".join([BEGIN, *_HEAD, *rows, END]) + after


def differences(page: dict[str, str], code: dict[str, str]) -> list[str]:
    """What the page and the code disagree on, a line each."""
    missing = [f"not on the map: {path}" for path in code if path not in page]
    gone = [f"on the map, and not in the code: {path}" for path in page if path not in code]
    changed = [f"says something else of itself: {path}" for path in code if path in page and page[path] != code[path]]
    return missing + gone + changed


def main(arguments: list[str]) -> int:
    """Compare the map with the code, or with `--write` draw it anew; 1 means that they disagree."""
    text = PAGE.read_text(encoding="utf-8")
    code = from_the_code()
    if "--write" in arguments:
        PAGE.write_text(written(text, code), encoding="utf-8")
        return 0
    found = differences(from_the_page(text), code)
    for line in found:
        print(line)
    if found:
        print("ARCHITECTURE.md: run `make docs`")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
