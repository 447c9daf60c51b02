"""What a user wishes for a run, passed on to the API and told as it is taken."""

from __future__ import annotations

from typing import Literal

from pydantic import ValidationError

from service.cli.faults import BadInput
from service.cli.place import open_workplace
from service.cli.request import full_id, in_options
from service.cli.terminal import clean, print_json
from service.schema import Budget, Extension, Run, RunState, Words


def steer(run_id: str, wish: Literal["pause", "cancel"], *, as_json: bool) -> None:
    """Pauses or cancels a run: at once where nobody works on it, else whoever does is told. Raises `BadInput`."""
    with open_workplace() as workplace:
        run = workplace.client.steer(run_id, wish)
    note = f"; who works on it is told to {wish}" if run.state is RunState.RUNNING else ""
    _tell(run, note, as_json=as_json)


def extend_run(
    run_id: str, iterations: int, usd: float | None, steps: int | None, seconds: float | None, *, as_json: bool
) -> None:
    """Adds iterations, or sets a budget of the limits that are given. Raises `BadInput` naming the option that is wrong."""
    try:
        budget = Budget(usd=usd, environment_steps=steps, seconds=seconds)
        extension = Extension(iterations=iterations, budget=None if budget == Budget() else budget)
    except ValidationError as error:
        raise BadInput(in_options(error)) from error
    with open_workplace() as workplace:
        run = workplace.client.extend(run_id, extension)
    _tell(run, f"; {run.request.search.iterations} iterations", as_json=as_json)


def give_feedback(run_id: str, words: str, candidate: str | None, *, as_json: bool) -> None:
    """Words on a run, or on a candidate named by its id or its place. Raises `BadInput`."""
    try:
        said = Words(words=words, candidate_id=None if candidate is None else full_id(run_id, candidate))
    except ValidationError as error:
        raise BadInput(in_options(error)) from error
    with open_workplace() as workplace:
        feedback = workplace.client.say(run_id, said)
    if as_json:
        print_json(feedback)
    else:
        print(clean(f"{feedback.candidate_id or feedback.run_id}: kept for the next iteration"))


def _tell(run: Run, note: str, *, as_json: bool) -> None:
    if as_json:
        print_json(run)
    else:
        print(clean(f"{run.id} is {run.state}{note}"))
