"""Where a Bitstamp capture lies: in a wheel, in the folder it was extracted to, or as bare files side by side."""

from email.parser import Parser
from errno import ENOENT
from pathlib import Path, PurePosixPath

import msgspec

from tidegate.adapters.recordings.capture_files import (
    CaptureDamaged,
    CaptureFile,
    file_in_archive,
    file_on_disk,
    open_archive,
)
from tidegate.adapters.recordings.products import currencies_of
from tidegate.adapters.spelling import spelt_out

_ORDERS = ("orders.csv.gz", "orders.csv")
_TRADES = ("trades.csv", "trades.csv.gz")
_META = "meta.json"
_ARCHIVES = (".whl", ".zip")
_SAMPLE_FOLDER = "_sample_data"

DEFAULT_PAIR = "btcusd"
"""What a capture is taken for that does not say of which pair it is."""


class CaptureMeta(msgspec.Struct, frozen=True):
    """What the collector wrote about its run, as far as it is used here."""

    pair: str | None = None
    total_order_rows: int | None = None
    trades: int | None = None
    reconnects: int = 0


class Capture(msgspec.Struct, frozen=True, kw_only=True):
    """The files of one capture, and what is known of their origin."""

    orders: CaptureFile
    trades: CaptureFile
    meta: CaptureMeta
    currencies: tuple[str, str]
    origin: str
    licence: str


def find_capture(source: Path) -> Capture:
    """The capture in a wheel, a folder, or beside a bare orders file.

    Raises:
        CaptureDamaged: there is none, there are several, or the trades or the collector's notes cannot be read.
        OSError: the source cannot be read.
    """
    files = _in_archive(source) if source.suffix in _ARCHIVES else _on_disk(source)
    orders = _only_one(source, files, _ORDERS)
    folder = PurePosixPath(orders).parent
    trades = _only_one(source, [name for name in files if PurePosixPath(name).parent == folder], _TRADES)
    meta = files.get(str(folder / _META))
    notes = _meta(meta) if meta is not None else CaptureMeta()
    pair = notes.pair or DEFAULT_PAIR
    currencies = currencies_of(pair)
    if currencies is None:
        named = (meta or files[orders]).name
        raise CaptureDamaged(named, 1, f"the pair {pair!r} is not one whose currencies are known")
    package = next((file for name, file in files.items() if name.endswith(".dist-info/METADATA")), None)
    origin, licence = (
        _package(package) if package is not None else (spelt_out(source.name), "not stated by the capture")
    )
    return Capture(
        orders=files[orders],
        trades=files[trades],
        meta=notes,
        currencies=currencies,
        origin=origin,
        licence=licence,
    )


def _in_archive(archive: Path) -> dict[str, CaptureFile]:
    with open_archive(archive) as members:
        return {name: file_in_archive(archive, name) for name in members.namelist()}


def _on_disk(source: Path) -> dict[str, CaptureFile]:
    """The files that matter, by their path under the source; of a bare file its folder is the source."""
    if source.is_dir():
        folders = [
            source,
            *source.glob(_SAMPLE_FOLDER),
            *source.glob(f"*/{_SAMPLE_FOLDER}"),
            *source.glob("*.dist-info"),
        ]
        paths = sorted(path for folder in folders for path in folder.iterdir() if path.is_file())
        return {path.relative_to(source).as_posix(): file_on_disk(path) for path in paths}
    if not source.exists():
        raise FileNotFoundError(ENOENT, "no such file or folder", str(source))
    beside = [source.with_name(name) for name in (*_TRADES, _META)]
    return {_ORDERS[source.suffix != ".gz"]: file_on_disk(source)} | {
        path.name: file_on_disk(path) for path in beside if path.is_file()
    }


def _only_one(source: Path, names: list[str] | dict[str, CaptureFile], wanted: tuple[str, ...]) -> str:
    found = [name for name in names if PurePosixPath(name).name in wanted]
    if len(found) != 1:
        many = f"{len(found)} of them ({', '.join(found)})" if found else "none"
        raise CaptureDamaged(str(source), 1, f"a capture has one {' or '.join(wanted)}; there is {many}")
    return found[0]


def _meta(file: CaptureFile) -> CaptureMeta:
    try:
        return msgspec.json.decode(file.content(), type=CaptureMeta)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        file.damaged(1, f"not the notes of a collector: {error}")


def _package(metadata: CaptureFile) -> tuple[str, str]:
    """Name with version and licence of the package that carries the capture."""
    fields = Parser().parsestr(metadata.content().decode("utf-8", "replace"), headersonly=True)
    licence = fields["License-Expression"] or fields["License"] or "not stated"
    name = f"{fields['Name']} {fields['Version']}"
    return f"package {name}", f"{licence}, the licence of the package {name} that carries the capture"
