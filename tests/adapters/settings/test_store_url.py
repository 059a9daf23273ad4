"""Store URLs: what they name, and where the store is when none is given."""

from pathlib import Path

import pytest

from tidegate.adapters.settings import MemoryStoreUrl, Settings, SqliteStoreUrl
from tidegate.adapters.settings.places import data_folder
from tidegate.adapters.settings.store_url import PostgresStoreUrl, StoreUrlError, masked, parse_store_url


def test_three_slashes_are_followed_by_the_file() -> None:
    """An absolute path therefore has four."""
    assert parse_store_url("sqlite:////var/a.sqlite") == SqliteStoreUrl(Path("/var/a.sqlite"))
    assert parse_store_url("sqlite:///a.sqlite") == SqliteStoreUrl(Path("a.sqlite"))
    assert parse_store_url("sqlite:///~/a.sqlite") == SqliteStoreUrl(Path.home() / "a.sqlite")
    assert parse_store_url("memory://") == MemoryStoreUrl()


@pytest.mark.parametrize(
    "url", ["", "a.sqlite", "sqlite://a.sqlite", "sqlite:///", "sqlite:///a/", "sqlite:///a\0b", "memory", "mysql://x"]
)
def test_what_names_no_store_is_refused(url: str) -> None:
    """Nothing is guessed about where money's record lies."""
    with pytest.raises(StoreUrlError):
        parse_store_url(url)


def test_a_password_is_not_shown() -> None:
    """Neither in messages nor in a repr."""
    url = "postgresql://desk:c4n4ry@db:5432/gate?sslmode=require"

    assert masked(url) == "postgresql://desk:***@db:5432/gate"
    assert masked("postgres:///gate") == "postgres:///gate"
    assert masked("memory://") == "memory://"
    assert "c4n4ry" not in repr(parse_store_url(url))
    assert parse_store_url(url) == PostgresStoreUrl(url)


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"XDG_DATA_HOME": "/data", "HOME": "/home/me"}, "/data/tidegate"),
        ({"XDG_DATA_HOME": "data", "HOME": "/home/me"}, "/home/me/.local/share/tidegate"),
        ({"HOME": "/home/me"}, "/home/me/.local/share/tidegate"),
        ({}, str(Path.home() / ".local/share/tidegate")),
    ],
)
def test_the_data_folder_follows_the_desktop_s_specification(environ: dict[str, str], folder: str) -> None:
    """A relative folder is ignored there, and here."""
    assert data_folder(environ) == Path(folder)


def test_paper_and_live_keep_a_file_named_for_the_account() -> None:
    """Replay and testing keep nothing unless told to."""
    environ = {"XDG_DATA_HOME": "/data"}

    assert Settings.load(environ=environ).store_url == SqliteStoreUrl(Path("/data/tidegate/paper.sqlite"))
    assert Settings.load(environ=environ, account_id="b").store_url == SqliteStoreUrl(Path("/data/tidegate/b.sqlite"))
    assert Settings.load(environ=environ, profile="replay").store_url == MemoryStoreUrl()
    assert Settings(profile="testing").store_url == MemoryStoreUrl()
    assert isinstance(Settings().store_url, SqliteStoreUrl)


def test_a_given_store_is_the_store() -> None:
    """Whatever the profile."""
    settings = Settings.load(environ={"HOME": "/home/me"}, profile="replay", store={"url": "sqlite:///a.sqlite"})

    assert settings.store_url == SqliteStoreUrl(Path("a.sqlite"))
