"""What is wrong ends the program with the key's name and the nearest right one, and never with the value."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.adapters.settings import Settings
from tidegate.application.configuration import ConfigurationError

CANARY = "c4n4ry-s3cr3t"


def error_of(environ: Mapping[str, str], config: Path | None = None) -> ConfigurationError:
    """The error that a load ends with: one line without the value."""
    with pytest.raises(ConfigurationError) as caught:
        Settings.load(config, environ)
    error = caught.value
    assert "\n" not in error.message
    assert CANARY not in f"{error.message}{error.keys}{error!r}"
    return error


def written(folder: Path, config: str) -> Path:
    """A settings file."""
    path = folder / "tidegate.toml"
    path.write_text(config)
    return path


@pytest.mark.parametrize(
    ("config", "wrong", "right"),
    [
        ("[risk]\nmax_levrage = 1", "risk.max_levrage", "risk.max_leverage"),
        ("[risk]\nMAX_LEVERAGE = 1", "risk.MAX_LEVERAGE", "risk.max_leverage"),
        ("[engine]\nmax_leverage = 1", "engine.max_leverage", "risk.max_leverage"),
        ("max_leverage = 1", "max_leverage", "risk.max_leverage"),
        ("[rsk]\nmax_leverage = 1", "rsk.max_leverage", "risk.max_leverage"),
        ("profil = 'paper'", "profil", "profile"),
        ("[risk.max_leverage]\nvalue = 1", "risk.max_leverage.value", "risk.max_leverage"),
        (
            "[risk.symbols.'BTC-USD']\nkill_switch_enabled = true",
            'risk.symbols."BTC-USD".kill_switch_enabled',
            "risk.kill_switch_enabled",
        ),
        (
            "[risk.symbols.'BTC-USD']\nmax_levrage = 1",
            'risk.symbols."BTC-USD".max_levrage',
            'risk.symbols."BTC-USD".max_leverage',
        ),
        ("[supervisor]\nguard_interval = 1", "supervisor.guard_interval", "supervisor.guard_interval_seconds"),
    ],
)
def test_an_unknown_key_in_the_file_is_named_with_the_nearest(
    tmp_path: Path, config: str, wrong: str, right: str
) -> None:
    """C4."""
    error = error_of({}, written(tmp_path, config))

    assert error.message == f"unknown key {wrong} in tidegate.toml; did you mean {right}?"
    assert error.keys == (wrong, right)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("TIDEGATE__RISK__MAX_LEVRAGE", "TIDEGATE__RISK__MAX_LEVERAGE"),
        ("TIDEGATE__RSK__MAX_LEVERAGE", "TIDEGATE__RISK__MAX_LEVERAGE"),
        ("TIDEGATE_RISK_MAX_LEVERAGE", "TIDEGATE__RISK__MAX_LEVERAGE"),
        ("TIDEGATE_PROFILE", "TIDEGATE__PROFILE"),
        ("TIDEGATE__PROFIL", "TIDEGATE__PROFILE"),
        ("TIDEGATE__RISK__SYMBOLS__BTC_USD__MAX_LEVRAGE", "TIDEGATE__RISK__SYMBOLS__BTC_USD__MAX_LEVERAGE"),
        ("RISK_MAX_LEVRAGE", "RISK_MAX_LEVERAGE"),
        ("RISK_KILL_SWITCH", "RISK_KILL_SWITCH_ENABLED"),
    ],
)
def test_an_unknown_name_in_the_environment_is_named_with_the_nearest(wrong: str, right: str) -> None:
    """C4: a misspelt limit that nobody applies is the mistake that costs most."""
    error = error_of({wrong: CANARY})

    assert error.message == f"unknown environment variable {wrong}; did you mean {right}?"


@pytest.mark.parametrize(
    "name", ["TIDEGATE__", "TIDEGATE_", "TIDEGATE____", "TIDEGATE__RISK", "TIDEGATE__RISK__SYMBOLS__X"]
)
def test_a_name_that_names_no_key_is_unknown(name: str) -> None:
    """A table has no value of its own."""
    assert error_of({name: CANARY}).message.startswith(f"unknown environment variable {name}; did you mean TIDEGATE__")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("RISK_MAX_LEVERAGE", CANARY, "risk.max_leverage must be a number"),
        ("RISK_MAX_LEVERAGE", "NaN", "risk.max_leverage must be a finite number"),
        ("RISK_MAX_LEVERAGE", "0.5", "risk.max_leverage must be at least 1"),
        ("RISK_MAX_ORDER_PCT", "10", "risk.max_order_pct must be at most 1"),
        ("TIDEGATE__PAPER__MAKER_FEE_RATE", "5", "paper.maker_fee_rate must be at most 0.1"),
        ("TIDEGATE__PAPER__SEED", "-1", "paper.seed must be at least 0"),
        ("TIDEGATE__PAPER__FEED_LATENCY_MS", "60001", "paper.feed_latency_ms must be at most 60000"),
        ("TIDEGATE__PAPER__FUNDING_HOURS", "5", "paper.funding_hours must be 1, 2, 3, 4, 6, 8, 12 or 24"),
        ("RISK_MAX_ORDER_NOTIONAL", "1e999", "risk.max_order_notional has more than 18 digits before the point"),
        ("RISK_MAX_ORDER_NOTIONAL", "1e-19", "risk.max_order_notional has more than 18 digits after the point"),
        ("RISK_MAX_ORDERS_PER_DAY", "5.5", "risk.max_orders_per_day must be a whole number"),
        ("RISK_KILL_SWITCH_ENABLED", CANARY, "risk.kill_switch_enabled must be true or false"),
        ("TIDEGATE__PROFILE", CANARY, "profile must be 'paper', 'replay', 'live' or 'testing'"),
        (
            "TIDEGATE__ACCOUNT_ID",
            "../x",
            "account_id must be 1 to 64 of A-Z a-z 0-9 . _ : - and begin with a letter or digit",
        ),
        ("TIDEGATE__REPORTING_CURRENCY", "usd", "reporting_currency must be 2 to 12 upper-case letters and digits"),
        (
            "TIDEGATE__SUPERVISOR__GUARD_INTERVAL_SECONDS",
            "0",
            "supervisor.guard_interval_seconds must be at least 0.001",
        ),
        (
            "TIDEGATE__SUPERVISOR__INBOX_INTERVAL_SECONDS",
            "1e-9",
            "supervisor.inbox_interval_seconds must be at least 0.001",
        ),
        (
            "TIDEGATE__ENGINE__DEFAULT_TIME_IN_FORCE",
            CANARY,
            "engine.default_time_in_force must be 'GTC', 'GTD', 'IOC' or 'FOK'",
        ),
        ("TIDEGATE__STORE__URL", CANARY, "store.url must be sqlite:///FILE, memory:// or postgresql://HOST/DATABASE"),
        ("TIDEGATE__PAPER__RECORDING", "", "paper.recording must not be empty"),
        (
            "TIDEGATE__PAPER__RECORDING",
            "caf\udce9.tgr.gz",
            "paper.recording must be the name of a file, in UTF-8 and without a NUL",
        ),
        (
            "SLIPPAGE_MULTIPLIERS",
            "BTC-USD:1.5,ETH-USD",
            "engine.slippage_multipliers entry 2 must be written NAME:NUMBER, as in BTC-USD:1.5",
        ),
        (
            "SLIPPAGE_MULTIPLIERS",
            "BTC-USD:1,BTC-USD:2",
            "engine.slippage_multipliers entry 2 repeats the name of an earlier one",
        ),
        ("SLIPPAGE_MULTIPLIERS", f"BTC-USD:{CANARY}", 'engine.slippage_multipliers."BTC-USD" must be a number'),
    ],
)
def test_a_bad_value_is_told_by_its_key_and_by_where_it_was_set(name: str, value: str, message: str) -> None:
    """C1: the key, what it must be, and the name under which it was given."""
    assert error_of({name: value}).message == f"{message} (set in {name})"


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("[risk]\nmax_leverage = true", "risk.max_leverage must be a number, not true or false (set in tidegate.toml)"),
        ("[risk]\nmax_leverage = [1]", "risk.max_leverage must be a number (set in tidegate.toml)"),
        ("[risk]\nmax_leverage = nan", "risk.max_leverage must be a finite number (set in tidegate.toml)"),
        ("risk = 5", "risk must be a table of keys"),
        ("[risk]\nsymbols = 5", "risk.symbols must be a table of keys"),
        ("engine.slippage_multipliers = 5", "engine.slippage_multipliers must be a table (set in tidegate.toml)"),
        ("[paper]\nopening_balances = {}", "paper.opening_balances must not be empty (set in tidegate.toml)"),
        (
            "[risk.symbols.btc]\nmax_leverage = 1",
            "risk.symbols.btc must be a symbol: 1 to 40 of A-Z 0-9 . _ : / - in upper case (set in tidegate.toml)",
        ),
        (
            "[risk]\nmax_leverage = 0\nmax_order_pct = 0",
            "risk.max_order_pct must be above 0 (and 1 more) (set in tidegate.toml)",
        ),
        (
            '[paper]\nrecording = "a\\u0000b"',
            "paper.recording must be the name of a file, in UTF-8 and without a NUL (set in tidegate.toml)",
        ),
        (
            '[paper]\nrecording = ["a", "b\\u0000"]',
            "paper.recording must be the name of a file, in UTF-8 and without a NUL (set in tidegate.toml)",
        ),
        ("x =", "tidegate.toml: not valid TOML: Invalid value (at end of document)"),
        ("[risk]\n[risk]", "tidegate.toml: not valid TOML: Cannot declare ('risk',) twice (at line 2, column 6)"),
        ("a = " + "[" * 5_000, "tidegate.toml: holds a number or a nesting that no setting has"),
        ("a = " + "1" * 5_000, "tidegate.toml: holds a number or a nesting that no setting has"),
        ("a." * 3_000 + "b = 1", "tidegate.toml: holds a number or a nesting that no setting has"),
        ("#" * 1_000_001, "tidegate.toml: larger than 1000000 bytes"),
    ],
    ids=lambda text: text[:24],
)
def test_a_bad_file_is_told_by_its_name(tmp_path: Path, config: str, message: str) -> None:
    """C1: whatever stands in the file, one line says where to look."""
    assert error_of({}, written(tmp_path, config)).message == message


def test_a_file_that_is_not_text_is_told_by_its_line(tmp_path: Path) -> None:
    """An editor's wrong encoding."""
    config = tmp_path / "tidegate.toml"
    config.write_bytes(b"# fine\n# \xff\n")

    with pytest.raises(ConfigurationError, match=r"tidegate\.toml: not UTF-8 text at line 2"):
        Settings.load(config, {})


def test_a_byte_order_mark_before_the_file_is_none_of_its_text(tmp_path: Path) -> None:
    """Some editors put one before UTF-8."""
    config = tmp_path / "tidegate.toml"
    config.write_bytes(b"\xef\xbb\xbfaccount_id = 'desk'\n")
    assert Settings.load(config, {}).account_id == "desk"


def test_a_secrets_file_whose_name_is_none_is_told(tmp_path: Path) -> None:
    config = written(tmp_path, '[venue]\nsecrets_file = "a\\u0000b"')
    assert error_of({}, config).message.endswith(": cannot be read")


def test_a_file_that_is_not_there_is_an_error_only_where_it_was_asked_for(tmp_path: Path) -> None:
    """`--config` with a typing mistake must not fall back to defaults."""
    with pytest.raises(ConfigurationError, match="No such file"):
        Settings.load(tmp_path / "none.toml", {})
    with pytest.raises(ConfigurationError, match="directory"):
        Settings.load(tmp_path, {})


def test_two_names_for_one_key_must_agree() -> None:
    """Which of two limits holds is nothing to guess about."""
    same = Settings.load(environ={"RISK_MAX_LEVERAGE": "1.5", "TIDEGATE__RISK__MAX_LEVERAGE": "1.5"})
    error = error_of({"RISK_MAX_LEVERAGE": "1.5", "TIDEGATE__RISK__MAX_LEVERAGE": "2"})
    whole = error_of({"SLIPPAGE_MULTIPLIERS": "A:1", "TIDEGATE__ENGINE__SLIPPAGE_MULTIPLIERS__B": "2"})

    assert str(same.risk.max_leverage) == "1.5"
    assert error.keys == ("RISK_MAX_LEVERAGE", "TIDEGATE__RISK__MAX_LEVERAGE")
    assert whole.keys == ("SLIPPAGE_MULTIPLIERS", "TIDEGATE__ENGINE__SLIPPAGE_MULTIPLIERS__B")


def test_the_constructor_speaks_the_same_way() -> None:
    """`Settings(...)` in a program is held to the same words."""
    with pytest.raises(ConfigurationError, match=r"unknown key risk\.max_levrage; did you mean risk\.max_leverage\?"):
        Settings.model_validate({"risk": {"max_levrage": CANARY}})
    with pytest.raises(ConfigurationError, match=r"unknown key account; did you mean account_id\?"):
        Settings.load(environ={}, account="x")


@given(name=st.text(max_size=80).filter(lambda name: "\0" not in name and "=" not in name))
def test_no_name_in_the_environment_breaks_the_line(name: str) -> None:
    """Names come from outside too."""
    with pytest.raises(ConfigurationError) as caught:
        Settings.load(environ={f"TIDEGATE_X{name}": "1"})

    assert caught.value.message.isprintable()


def test_the_environment_of_the_process_is_read_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """No mapping handed in means the process's own."""
    monkeypatch.setitem(os.environ, "RISK_MAX_LEVRAGE", "1")

    with pytest.raises(ConfigurationError, match="RISK_MAX_LEVERAGE"):
        Settings.load()
