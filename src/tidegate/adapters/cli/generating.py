"""`generate`: a synthetic market as a recording, from a seed and parameters."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from tidegate.adapters.cli import figures, wire_upkeep
from tidegate.adapters.cli.call import Call
from tidegate.adapters.cli.destinations import OverwriteOption, may_be_made
from tidegate.adapters.cli.failures import DONE, FileUnusable, UsageError
from tidegate.adapters.recordings.synthetic.making import generate_synthetic
from tidegate.adapters.recordings.synthetic.parameters import PRESETS, read_parameters
from tidegate.adapters.spelling import nearest, shown

_MINUTES_MAX = 7 * 24 * 60


def generate(
    call: Call,
    destination: Annotated[Path, typer.Argument(metavar="DEST", help="The recording to make, FILE.tgr.gz.")],
    seed: Annotated[int, typer.Option(min=0, help="Another seed is another market.")] = 1,
    minutes: Annotated[float, typer.Option(min=0.1, max=_MINUTES_MAX, help="How long it is.")] = 60,
    preset: Annotated[str, typer.Option(metavar="NAME", help=f"Which parameters: {' or '.join(PRESETS)}.")] = "quiet",
    parameters: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A TOML file of parameters over the preset's.")
    ] = None,
    overwrite: OverwriteOption = False,
) -> int:
    """Make a recording of a synthetic market: order flow by chance, labelled as what it is (docs/synthetic.md).

    The same seed, length and parameters give the same recording on every machine.

    [dim]tidegate generate four-hours.tgr.gz --minutes 240 --seed 7[/dim]

    [dim]tidegate generate rough.tgr.gz --preset stressed --parameters mine.toml[/dim]
    """
    if preset not in PRESETS:
        raise UsageError(f"there is no preset {shown(preset)}; did you mean {nearest(preset, PRESETS)}?")
    chosen = PRESETS[preset] if parameters is None else read_parameters(parameters, PRESETS[preset])
    may_be_made(destination, overwrite)
    err = call.terminal.err
    columns = (TextColumn("Generating"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    try:
        with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
            task = progress.add_task("generate", total=1.0)
            made = generate_synthetic(
                destination,
                seed=seed,
                minutes=Decimal(str(minutes)),
                parameters=chosen,
                progress=lambda fraction: progress.update(task, completed=fraction),
            )
    except OSError as error:
        raise FileUnusable(Path(error.filename or destination), error) from None
    line = wire_upkeep.GeneratedLine(
        recording=str(destination), seed=seed, rows=made.rows, seconds=made.seconds, episodes=made.episodes
    )
    episodes = ", ".join(f"{count} x {name}" for name, count in made.episodes.items()) or "none"
    call.terminal.answer(
        [line],
        Text(f"{destination}: {figures.span(made.seconds)} of a synthetic market, {made.rows:,} rows", style="bold"),
        Text(f"  seed {seed}, preset {preset}; episodes: {episodes}"),
        Text("  it was never traded anywhere: a result on it says nothing of a market", style="dim"),
    )
    return DONE
