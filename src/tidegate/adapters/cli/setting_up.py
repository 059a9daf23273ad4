"""`init`, `config` and `backup`: what is set up once, and what is kept."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import BaseModel, SecretStr
from rich.table import Table
from rich.text import Text

from tidegate.adapters.brokers.simulated.peeking import keep_place, place_path, world_path
from tidegate.adapters.cli import figures, wire_upkeep
from tidegate.adapters.cli.call import Call
from tidegate.adapters.cli.failures import DONE, FileUnusable, UsageError
from tidegate.adapters.cli.stored import last_state, require_store
from tidegate.adapters.settings.file import CONFIG_NAME
from tidegate.adapters.settings.keys import dotted
from tidegate.adapters.settings.store_url import masked
from tidegate.adapters.stores.sqlite.backup import back_up
from tidegate.domain.amounts import plain

_TEMPLATES = {CONFIG_NAME: "tidegate.toml.txt", "strategy.py": "strategy.py.txt"}
_STARS = "********"


def init(
    call: Call,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where; here by default.")] = Path(),
) -> int:
    """Write a commented tidegate.toml and an example strategy; files that are there are never written over."""
    made = [folder / name for name in _TEMPLATES]
    present = next((path for path in made if path.exists()), None)
    if present is not None:
        raise UsageError(f"{present} exists already, and init writes nothing over; name another folder")
    begun: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, template in zip(made, _TEMPLATES.values(), strict=True):
            text = files("tidegate.adapters.cli").joinpath("templates", template).read_text(encoding="utf-8")
            with path.open("x", encoding="utf-8") as file:
                begun.append(path)
                file.write(text)
    except OSError as error:
        # A file that is half there would keep the next init from writing it.
        for path in begun:
            path.unlink()
        raise FileUnusable(folder, error) from None
    step = f"cd {folder} && " if folder != Path() else ""
    words = Text("\n".join(f"Wrote {path}" for path in made)).append("\nNow try  ")
    words.append(f"{step}{call.program} run", style="cyan")
    call.terminal.answer([wire_upkeep.WrittenLine(files=[str(path) for path in made])], words)
    return DONE


def config(
    call: Call,
    changed: Annotated[bool, typer.Option("--changed", help="Only what is not at its default.")] = False,
) -> int:
    """Show every setting in force, and where each value comes from; secrets are shown as stars.

    [dim]tidegate config --changed[/dim]
    """
    origins = call.loaded.origins
    found = [line for line in _settings(call.settings, origins) if not changed or line.origin != "default"]
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_column(style="dim", no_wrap=True)
    for line in found:
        is_default = line.origin == "default"
        table.add_row(
            Text(line.key, style="" if is_default else "bold"),
            _shown_value(line.value),
            "" if is_default else line.origin,
        )
    call.terminal.answer(found, table if found else Text("Every setting is at its default."))
    return DONE


def _shown_value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return figures.UNKNOWN if value is None or value in ("", {}) else str(value)


def _settings(
    model: BaseModel, origins: Mapping[str, str], above: tuple[str, ...] = ()
) -> Iterator[wire_upkeep.SettingLine]:
    for name in type(model).model_fields:
        yield from _setting(getattr(model, name), origins, (*above, name))


def _setting(value: Any, origins: Mapping[str, str], path: tuple[str, ...]) -> Iterator[wire_upkeep.SettingLine]:
    if isinstance(value, BaseModel):
        inner = value.model_fields_set if path[:2] == ("risk", "symbols") else type(value).model_fields
        for name in inner:
            yield from _setting(getattr(value, name), origins, (*path, name))
    elif isinstance(value, Mapping) and value:
        for name, item in value.items():
            yield from _setting(item, origins, (*path, str(name)))
    else:
        key = dotted(path)
        yield wire_upkeep.SettingLine(key=key, value=_plain_value(value), origin=_origin(key, origins))


def _origin(key: str, origins: Mapping[str, str]) -> str:
    """Where a key was set, or the table that it stands in."""
    return next((origin for given, origin in origins.items() if f"{key}.".startswith(f"{given}.")), "default")


def _plain_value(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return _STARS if value.get_secret_value() else ""
    if isinstance(value, Decimal):
        return plain(value)
    return masked(value) if isinstance(value, str) else value


def backup(
    call: Call, file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the copy goes; it must not exist.")]
) -> int:
    """Copy the store while it is in use: one moment of it, whole, and verified before the copy gets its name.

    Beside it goes FILE.place, which says on what the account was played, and how far: the copy is valued by it.
    """
    report = back_up(require_store(call.settings), file)
    state, place = last_state(call.settings), ""
    if state is not None:
        kept = place_path(world_path(Path(report.path)))
        keep_place(kept, state)
        place = str(kept)
    line = wire_upkeep.BackupLine(
        path=report.path, account_id=report.account_id, sequence=report.sequence, hash=report.hash, place=place
    )
    words = f"{report.path}: account {report.account_id}, {figures.counted(report.sequence, 'row')} verified"
    words += f"; on what it was played is in {place}" if place else ""
    call.terminal.answer([line], Text(words))
    return DONE
