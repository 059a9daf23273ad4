"""One call of the program: the options of every command, the settings they lead to, and the terminal it writes to."""

import shlex
from dataclasses import dataclass
from functools import cached_property
from inspect import Parameter
from pathlib import Path
from typing import Annotated, Any

import typer

from tidegate.adapters.cli.failures import UsageError
from tidegate.adapters.cli.opener import Doors
from tidegate.adapters.cli.terminal import Terminal
from tidegate.adapters.settings import Settings
from tidegate.adapters.settings.loading import LoadedSettings, load
from tidegate.adapters.settings.store_url import MemoryStoreUrl

PANEL = "Options of every command"


def _common(name: str, kind: Any, default: Any, *flags: str, help_text: str, metavar: str | None = None) -> Parameter:
    option = typer.Option(*flags, metavar=metavar, help=help_text, rich_help_panel=PANEL)
    return Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, option])


COMMON: tuple[Parameter, ...] = (
    _common(
        "config", Path | None, None, "--config", metavar="FILE", help_text="Settings; tidegate.toml here by default."
    ),
    _common("profile", str | None, None, "--profile", metavar="NAME", help_text="paper, replay, live or testing."),
    _common(
        "store", str | None, None, "--store", metavar="URL", help_text="sqlite:///FILE, memory://, postgresql://..."
    ),
    _common("as_json", bool, False, "--json", help_text="One JSON object, or one a line, on standard output."),
    _common("verbose", bool, False, "--verbose", "-v", help_text="Say more."),
)
"""The options of every command."""


@dataclass(frozen=True)
class Call:
    """What a command works with."""

    doors: Doors
    terminal: Terminal
    config: Path | None = None
    profile: str | None = None
    store: str | None = None
    program: str = "tidegate"

    @cached_property
    def loaded(self) -> LoadedSettings:
        """The settings of this call with their origins.

        Raises:
            ConfigurationError: they cannot be used.
        """
        return self.load()

    @property
    def settings(self) -> Settings:
        return self.loaded.settings

    def load(self, **more: Any) -> LoadedSettings:
        """The settings with further arguments, sections as mappings."""
        arguments: dict[str, Any] = dict(more)
        if self.profile is not None:
            arguments.setdefault("profile", self.profile)
        if self.store is not None:
            arguments.setdefault("store", {"url": self.store})
        return load(self.config, None, arguments)

    @property
    def repeated(self) -> str:
        """The options of this call that decide which account another command is about, as they are typed."""
        given = {"--config": self.config, "--profile": self.profile, "--store": self.store}
        return " ".join(f"{name} {shlex.quote(str(value))}" for name, value in given.items() if value is not None)

    def confirm_live(self, typed: str | None, settings: Settings) -> None:
        """Let the live profile through only where its account id was typed for this very command (Z9), and its orders
        are kept where another process finds them.

        Raises:
            UsageError: it was not, or it is another account's; or the store is gone with the process.
        """
        if settings.profile == "live" and typed != settings.account_id:
            raise UsageError("profile live trades money: repeat the account id of the settings with --live ACCOUNT")
        if settings.profile == "live" and isinstance(settings.store_url, MemoryStoreUrl):
            raise UsageError("profile live trades money, and memory:// forgets its orders: use --store sqlite:///FILE")
        if settings.profile != "live" and typed is not None:
            raise UsageError(f"--live was given, and the profile is {settings.profile}: paper never becomes live")
