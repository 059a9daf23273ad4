"""docs/store.md is held to the code: its tables, its queries, its hash rule and its request shapes."""

import json
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import msgspec

from tests.adapters.stores.sqlite.stores import ACCOUNT, fill_with, open_at
from tidegate.adapters.stores.sqlite.draft import CHECKPOINT_ROWS
from tidegate.domain.records import RequestKind
from tidegate.domain.requests import (
    CancelAllRequest,
    CancelRequest,
    CloseRequest,
    DecideRequest,
    ReconcileRequest,
    SettleRequest,
    StateRequest,
)

PAGE = (Path(__file__).parents[3] / "docs" / "store.md").read_text(encoding="utf-8")
SHAPES = {
    RequestKind.DECIDE: DecideRequest,
    RequestKind.CANCEL: CancelRequest,
    RequestKind.CANCEL_ALL: CancelAllRequest,
    RequestKind.CLOSE: CloseRequest,
    RequestKind.STATE: StateRequest,
    RequestKind.RECONCILE: ReconcileRequest,
    RequestKind.SETTLE: SettleRequest,
}


def rows_of(heading: str) -> list[list[str]]:
    """The rows of the table under a heading."""
    part = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_every_request_has_its_shape_on_the_page() -> None:
    shown = {kind.strip("`"): payload for kind, payload in rows_of("From other processes")}
    assert set(shown) == {kind.value for kind in RequestKind}
    for kind, shape in SHAPES.items():
        example = re.findall(r"`(\{.*\})`", shown[kind.value])[0]
        fields = set(json.loads(example)) | set(re.findall(r"`(\w+)`", shown[kind.value]))
        assert fields == set(shape.__struct_fields__)
        msgspec.json.decode(example, type=shape)


async def test_every_table_is_on_the_page_and_its_queries_run(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = open_at(path)
    await fill_with(store, 3)
    store.close()
    with closing(sqlite3.connect(path)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        named = {name for cells in rows_of("The tables") for name in re.findall(r"`(\w+)`", cells[0])}
        assert named == {name for (name,) in tables}
        queries = PAGE.split("```sql\n")[1].split("```")[0].split(";")
        found = [connection.execute(query).fetchall() for query in queries if query.strip()]
        assert found == [[], [(5, "3,000 is above the limit of 2,000")]]
        attempts = connection.execute("SELECT attempt, epoch, sequence FROM attempts ORDER BY sequence").fetchall()
        assert attempts == [(1, 1, 1), (1, 1, 2), (1, 1, 4)]
        reserved = connection.execute("SELECT side, status, leaves_quantity, worst_price FROM reservations").fetchall()
        assert reserved == [("BUY", "SENDING", "0.01250000", "43210.12")] * 2


async def test_the_hash_rule_of_the_page_makes_the_hashes_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = open_at(path)
    await fill_with(store, 3)
    store.close()
    digest = sha256(b"tidegate journal\0" + ACCOUNT.encode()).digest()
    with closing(sqlite3.connect(path)) as connection:
        for sequence, at, payload, found in connection.execute("SELECT * FROM journal ORDER BY sequence"):
            digest = sha256(digest + f"{sequence}\n{at}\n{payload}".encode()).digest()
            assert digest == found


def test_the_page_names_the_figure_of_the_code() -> None:
    assert f"every {CHECKPOINT_ROWS:,} rows" in PAGE
    assert f"at most {CHECKPOINT_ROWS:,}:" in PAGE


def test_the_store_of_the_page_keeps_the_contract_and_its_types(tmp_path: Path) -> None:
    """As an author has it: two modules, pytest, and a strict type checker."""
    opener, contract = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "acme_store.py").write_text(opener, encoding="utf-8")
    (tmp_path / "test_acme.py").write_text(contract, encoding="utf-8")
    for command in (
        ["pytest", "-q", "-o", "asyncio_mode=auto", "--override-ini=addopts=", "test_acme.py"],
        ["mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), "acme_store.py", "test_acme.py"],
    ):
        ended = subprocess.run(
            [sys.executable, "-m", *command], check=False, capture_output=True, text=True, cwd=tmp_path, timeout=300
        )
        assert not ended.returncode, ended.stdout + ended.stderr
