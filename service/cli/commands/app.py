"""The application that all commands belong to, and the options that several of them have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

EPILOG = (
    "Exit codes: 0 done, 1 the run failed or the reward was rejected, 2 bad input, 3 something that it needs does not "
    "work, 130 interrupted (the run can be resumed)."
)

app = typer.Typer(
    name="rewardsmith",
    help="Turns a sentence and a MuJoCo environment into a reward function, a trained policy and the evidence that it works.",
    epilog=EPILOG,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
Environment = Annotated[str, typer.Option("--env", help="An environment's id; `rewardsmith envs` lists them.")]
File = Annotated[Path, typer.Argument(help="A Python file with compute_reward.")]
Json = Annotated[bool, typer.Option("--json", help="Results as JSON on standard output, progress on standard error.")]
Folder = Annotated[Path | None, typer.Option("--to", help="Folder of the export; export/RUN if not given.")]
Metric = Annotated[str | None, typer.Option("--fitness", help="A metric of the environment; its first if not given.")]
Score = Annotated[str | None, typer.Option("--score", help="A fitness of one's own: an expression over an episode.")]
Success = Annotated[str | None, typer.Option("--success", help="When such an episode counts as a success.")]
Steps = Annotated[int | None, typer.Option("--steps", help="Environment steps per training; the card's if not given.")]
Seeds = Annotated[int, typer.Option("--seeds", help="Seeds of the final comparison with human and sparse reward.")]
Seed = Annotated[int, typer.Option("--seed", help="Decides every random choice.")]
Host = Annotated[str, typer.Option("--host", help="Address to listen at.")]
Port = Annotated[int, typer.Option("--port", min=1, max=65535, help="Port to listen at.")]
RunId = Annotated[str, typer.Argument(metavar="RUN", help="A run's id; `rewardsmith ls` lists them.")]
MaxUsd = Annotated[float | None, typer.Option("--max-usd", help="Budget: US dollars paid for models.")]
MaxSteps = Annotated[int | None, typer.Option("--max-steps", help="Budget: environment steps in all.")]
MaxSeconds = Annotated[float | None, typer.Option("--max-seconds", help="Budget: seconds of work.")]
