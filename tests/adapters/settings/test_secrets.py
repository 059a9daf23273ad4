"""Secrets come from the environment or from a file that nobody else reads, and are never shown."""

from pathlib import Path

import pytest

from tidegate.adapters.settings import Settings
from tidegate.adapters.settings.given import Given
from tidegate.application.configuration import ConfigurationError

CANARY = "c4n4ry-s3cr3t"
LIVE = 'profile = "live"\naccount_id = "main"\n[venue]\nname = "coinbase"\n'
SECRETS = f'api_key = "key"\napi_secret = "{CANARY}"\n'


def written(path: Path, text: str, mode: int) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


def test_a_secret_is_never_shown() -> None:
    """Neither by the settings nor by the pieces that they are made of."""
    environ = {"TIDEGATE__VENUE__API_KEY": CANARY, "TIDEGATE__VENUE__API_SECRET": CANARY}
    settings = Settings.load(environ=environ)

    shown = f"{settings!r}{settings}{settings.model_dump()}{settings.model_dump_json()}{settings.venue!r}"
    assert CANARY not in shown
    assert CANARY not in repr(Given(("venue", "api_key"), CANARY, "x"))
    assert settings.venue.api_secret is not None
    assert settings.venue.api_secret.get_secret_value() == CANARY


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o610])
def test_a_settings_file_with_a_secret_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    """The message says how to mend it."""
    config = written(tmp_path / "tidegate.toml", LIVE + SECRETS, mode)

    with pytest.raises(
        ConfigurationError, match=r"holds venue\.api_key and others may read it; run: chmod 600"
    ) as caught:
        Settings.load(config, {})
    assert CANARY not in str(caught.value)


def test_a_settings_file_of_mode_0600_may_hold_secrets(tmp_path: Path) -> None:
    """One file is enough for one person."""
    config = written(tmp_path / "tidegate.toml", LIVE + SECRETS, 0o600)

    assert Settings.load(config, {}).profile == "live"


def test_a_secrets_file_is_read_beside_the_settings(tmp_path: Path) -> None:
    """The settings can then be shared."""
    config = written(tmp_path / "tidegate.toml", LIVE + 'secrets_file = "key.toml"\n', 0o644)
    written(tmp_path / "key.toml", SECRETS, 0o600)

    settings = Settings.load(config, {"TIDEGATE__VENUE__API_KEY": "newer"})

    assert settings.venue.api_key is not None
    assert settings.venue.api_key.get_secret_value() == "newer"
    assert settings.venue.api_secret is not None
    assert settings.venue.api_secret.get_secret_value() == CANARY


@pytest.mark.parametrize(
    ("text", "mode", "message"),
    [
        (SECRETS, 0o644, "others may read it"),
        (
            f'api_secrt = "{CANARY}"',
            0o600,
            "unknown key api_secrt; a secrets file holds api_key, api_passphrase, api_secret",
        ),
        ("api_key = ", 0o600, "not valid TOML"),
    ],
)
def test_a_bad_secrets_file_is_refused(tmp_path: Path, text: str, mode: int, message: str) -> None:
    """Named by file and key."""
    config = written(tmp_path / "tidegate.toml", LIVE + 'secrets_file = "key.toml"\n', 0o600)
    written(tmp_path / "key.toml", text, mode)

    with pytest.raises(ConfigurationError, match=message) as caught:
        Settings.load(config, {})
    assert CANARY not in str(caught.value)


def test_a_secrets_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """It is not taken for one without secrets."""
    with pytest.raises(ConfigurationError, match="No such file"):
        Settings.load(environ={}, venue={"secrets_file": str(tmp_path / "none")})
