"""The lock beside a store: who holds it, and how far the store had come."""

import fcntl
import os
from pathlib import Path

import pytest

from tests.adapters.stores.sqlite.stores import lose_privileges, open_at, unprivileged_folder
from tidegate.adapters.stores.sqlite import StoreLocked, StoreReadOnly
from tidegate.adapters.stores.sqlite.lock import Holder, Mark, WriterLock, lock_path, writer_of


def test_a_lock_names_its_holder_until_it_is_released(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    assert writer_of(path) is None
    lock = WriterLock.acquire(path, "run")
    assert writer_of(path) == Holder(pid=os.getpid(), process="run")
    lock.release()
    assert writer_of(path) is None


def test_a_later_holder_with_a_shorter_name_leaves_nothing_of_the_earlier(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    WriterLock.acquire(path, "a process with a long name").release()
    lock = WriterLock.acquire(path, "b")
    assert writer_of(path) == Holder(pid=os.getpid(), process="b")
    lock.release()


def test_a_mark_is_read_by_the_next_writer(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    lock = WriterLock.acquire(path, "run")
    assert lock.mark == Mark()
    lock.write_mark(Mark(created_at=1_735_787_045_678_901, epoch=7, sequence=123_456_789))
    lock.release()
    lock = WriterLock.acquire(path, "run")
    assert lock.mark == Mark(created_at=1_735_787_045_678_901, epoch=7, sequence=123_456_789)
    assert writer_of(path) == Holder(pid=os.getpid(), process="run")
    lock.release()


def test_a_holder_that_has_not_said_its_name_yet_is_another_process(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    descriptor = os.open(lock_path(path), os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    with pytest.raises(StoreLocked, match="locked by another process"):
        open_at(path)
    os.close(descriptor)


def test_a_mark_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    lock_path(path).write_text("somebody else's notes, which are no mark at all, and longer than one is")
    lock = WriterLock.acquire(path, "run")
    assert lock.mark == Mark()
    lock.release()


def test_a_lock_that_may_not_be_written_is_a_read_only_store() -> None:
    with unprivileged_folder() as folder:
        path = folder / "store.db"
        open_at(path).close()
        lose_privileges(folder)
        with pytest.raises(StoreReadOnly):
            WriterLock.acquire(path, "run")
        assert writer_of(path) is None
