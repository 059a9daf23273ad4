"""Defaults < file < environment < arguments, key by key, whatever is given where."""

import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.adapters.settings import Settings
from tidegate.adapters.settings.environment import environment_name
from tidegate.adapters.settings.loading import load
from tidegate.application.configuration import BadArgument, ConfigurationError

KEYS = {
    "max_order_pct": st.decimals("0.01", "1", places=4),
    "daily_loss_limit_pct": st.decimals("0.01", "1", places=4),
    "collar_pct": st.decimals("0.001", "1", places=6),
    "max_decision_age_seconds": st.decimals("0.1", "600", places=2),
    "max_orders_per_day": st.integers(1, 10_000),
    "kill_switch_enabled": st.booleans(),
}
LAYER = st.fixed_dictionaries({}, optional=KEYS)


def toml_of(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


@settings(deadline=None, max_examples=60)
@given(in_file=LAYER, in_environment=LAYER, in_arguments=LAYER)
def test_each_key_has_the_value_of_the_last_layer_that_gives_it(
    tmp_path_factory: pytest.TempPathFactory,
    in_file: dict[str, object],
    in_environment: dict[str, object],
    in_arguments: dict[str, object],
) -> None:
    """No key leaks into another, and none is lost."""
    config = tmp_path_factory.mktemp("settings") / "tidegate.toml"
    rows = [f"{name} = {toml_of(value)}" for name, value in in_file.items()]
    config.write_text("\n".join(["[risk]", *rows]))
    environ = {environment_name(("risk", name)): str(value) for name, value in in_environment.items()}

    loaded = Settings.load(config, environ, risk=in_arguments)

    wanted = {**in_file, **in_environment, **in_arguments}
    defaults = Settings().risk
    for name in KEYS:
        assert getattr(loaded.risk, name) == wanted.get(name, getattr(defaults, name))


def test_nothing_given_is_the_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`Settings()` and a load of nothing are the same settings."""
    monkeypatch.chdir(tmp_path)

    assert Settings.load(environ={}) == Settings()


def test_plain_settings_read_neither_environment_nor_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test or a notebook gets what it wrote, whatever stands around it."""
    monkeypatch.chdir(tmp_path)
    Path("tidegate.toml").write_text('account_id = "other"\n')
    monkeypatch.setenv("TIDEGATE__PROFILE", "replay")

    assert Settings().account_id == "paper"
    assert Settings().profile == "paper"


def test_a_file_in_the_current_folder_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`tidegate init` writes it there."""
    monkeypatch.chdir(tmp_path)
    Path("tidegate.toml").write_text('account_id = "other"\n')
    monkeypatch.setenv("TIDEGATE__PROFILE", "replay")

    loaded = Settings.load()

    assert (loaded.account_id, loaded.profile) == ("other", "replay")


def test_a_decimal_is_exact_as_a_number_and_as_text(tmp_path: Path) -> None:
    """0.1 in a file never becomes 0.1000000000000000055511151231257827."""
    config = tmp_path / "tidegate.toml"
    config.write_text(
        '[risk]\ncollar_pct = 0.1\nmax_order_pct = "0.1"\nmax_order_notional = 12345678901234567.123456789\n'
    )

    risk = Settings.load(config, {}).risk

    assert (risk.collar_pct, risk.max_order_pct) == (Decimal("0.1"), Decimal("0.1"))
    assert risk.max_order_notional == Decimal("12345678901234567.123456789")


def test_a_rate_of_funding_may_be_negative() -> None:
    """Then shorts pay longs (docs/paper.md); it is as exact as any other figure, and bounded."""
    assert Settings.load(environ={}, paper={"funding_rate": "-0.0001"}).paper.funding_rate == Decimal("-0.0001")
    for wrong in ("-1.1", "NaN", "-Infinity", "-0.0000000000000000001"):
        with pytest.raises(ConfigurationError, match=r"paper\.funding_rate"):
            Settings.load(environ={}, paper={"funding_rate": wrong})


def test_a_table_in_text_replaces_the_table_below_it(tmp_path: Path) -> None:
    """What the environment says whole is whole; nothing of the file's table stays behind."""
    config = tmp_path / "tidegate.toml"
    config.write_text("[paper.opening_balances]\nUSD = 5\nBTC = 1\n")

    loaded = Settings.load(config, {"TIDEGATE__PAPER__OPENING_BALANCES": "USD:7"})

    assert loaded.paper.opening_balances == {"USD": 7}


def test_one_key_of_a_table_joins_the_keys_below_it(tmp_path: Path) -> None:
    """A single balance or parameter can be changed from outside."""
    config = tmp_path / "tidegate.toml"
    config.write_text('[paper.opening_balances]\nUSD = 5\n[intake.parameters]\nwindow = 30\nlabel = "a"\n')
    environ = {"TIDEGATE__PAPER__OPENING_BALANCES__BTC": "1", "TIDEGATE__INTAKE__PARAMETERS__WINDOW": "60"}

    loaded = Settings.load(config, environ)

    assert loaded.paper.opening_balances == {"USD": 5, "BTC": 1}
    assert loaded.intake.parameters == {"window": "60", "label": "a"}


def test_a_section_object_is_an_argument_of_the_keys_it_sets() -> None:
    """What a section object leaves at its default does not hide the environment."""
    other = Settings.load(environ={}, risk={"max_leverage": 3})

    loaded = Settings.load(environ={"RISK_MAX_SPOT_LEVERAGE": "1.5"}, risk=other.risk)

    assert (loaded.risk.max_leverage, loaded.risk.max_spot_leverage) == (Decimal(3), Decimal("1.5"))


def test_paths_in_a_file_are_relative_to_the_file(tmp_path: Path) -> None:
    """The program may be started from anywhere; the packaged recording and a module keep their names."""
    config = tmp_path / "tidegate.toml"
    config.write_text(
        '[paper]\nrecording = "day.tgr.gz"\n[intake]\nstrategy = "mine.py:create"\n[store]\nurl = "sqlite:///a.sqlite"\n'
    )

    loaded = Settings.load(config, {})

    assert loaded.paper.recording == str(tmp_path / "day.tgr.gz")
    assert loaded.intake.strategy == f"{tmp_path}/mine.py:create"
    assert loaded.store.url == f"sqlite:///{tmp_path}/a.sqlite"
    config.write_text('[paper]\nrecording = "synthetic"\n[intake]\nstrategy = "package.mine:create"\n')
    loaded = Settings.load(config, {})
    assert (loaded.paper.recording, loaded.intake.strategy) == ("synthetic", "package.mine:create")


def test_every_value_knows_where_it_came_from(tmp_path: Path) -> None:
    """`tidegate config` shows it."""
    config = tmp_path / "tidegate.toml"
    config.write_text(
        'account_id = "a"\n[risk]\nmax_leverage = 3\ncollar_pct = 0.02\n[risk.symbols."BTC-USD"]\nmax_leverage = 1\n'
    )

    loaded = load(config, {"RISK_MAX_LEVERAGE": "2"}, {"profile": "replay"})

    assert loaded.origins == {
        "account_id": "tidegate.toml",
        "risk.collar_pct": "tidegate.toml",
        'risk.symbols."BTC-USD".max_leverage': "tidegate.toml",
        "risk.max_leverage": "RISK_MAX_LEVERAGE",
        "profile": "argument",
    }


def test_names_in_the_environment_may_be_of_either_case_and_symbols_without_a_dash() -> None:
    """A shell allows no dash in a name."""
    environ = {"tidegate__profile": "replay", "TIDEGATE__RISK__SYMBOLS__BTC_USD__MAX_LEVERAGE": "1.5"}

    loaded = Settings.load(environ=environ)

    assert loaded.profile == "replay"
    assert loaded.risk.symbols["BTC-USD"].max_leverage == Decimal("1.5")


def test_settings_cannot_be_changed() -> None:
    """What was checked is what is used."""
    whole = Settings()

    with pytest.raises(ValueError, match="frozen"):
        whole.profile = "live"
    with pytest.raises(ValueError, match="frozen"):
        whole.risk.max_leverage = Decimal(100)


def test_importing_tidegate_does_not_import_the_settings() -> None:
    """pydantic alone costs the whole budget of the import."""
    script = "import sys, tidegate; print(*(name for name in sys.modules if 'settings' in name or 'pydantic' in name))"
    shown = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)

    assert shown.stdout.split() == []


def test_what_is_no_file_or_no_environment_is_named() -> None:
    """A path as text above all: what opens a file is a Path."""
    with pytest.raises(BadArgument, match="config must be a Path or None, not str"):
        Settings.load(config=cast(Any, "tidegate.toml"))
    with pytest.raises(BadArgument, match="environ must be a mapping from names to text, or None, not list"):
        Settings.load(environ=cast(Any, ["HOME"]))
