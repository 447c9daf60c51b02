"""A reward function as a file that needs NumPy alone."""

from __future__ import annotations

from envs.card import EnvCard
from sandbox.parsing import lines_of
from service.export.plain import plain
from service.export.text import quoted
from service.schema import Candidate, CandidateState, Run

# The first two lines are ours to the letter: there, a comment could set the encoding of the whole file.
HEAD = """# A reward function found by Rewardsmith.
# It needs NumPy alone.
#
# run         {run}
# candidate   {candidate}
# environment {environment}
# designer    {designer}
# task        {task}
# fitness     {fitness}
#
# compute_reward takes a batch of B transitions, float32: (B,) for a scalar, (B, n) for a vector.
# It returns the total (B,) and a dictionary of its components, (B,) each.
#
{parameters}

from __future__ import annotations

import math
import numpy as np

"""


def reward_file(run: Run, candidate: Candidate, card: EnvCard) -> str:
    """The candidate's code under a header that says where it comes from and what its inputs are.

    Nothing that a model or a request wrote can leave its comment. `np.empty` becomes `np.zeros`, as it was in training, and
    type hints are never evaluated, as they were not there. Code that cannot be written so is shown as a comment.
    """
    head = HEAD.format(
        run=quoted(run.id),
        candidate=quoted(candidate.id),
        environment=quoted(run.request.environment),
        designer=quoted(run.request.designer),
        task=quoted(run.request.task),
        fitness=_fitness(candidate),
        parameters=_parameters(card),
    )
    code = plain(candidate.source)
    if code is None:
        shown = "\n".join(f"# {line}".rstrip() for line in lines_of(candidate.source))
        code = f"# Run as a file, this code would do something else than it did in training:\n#\n{shown}\n"
    return head + code


def refused_file(candidate: Candidate) -> str:
    """The text of a candidate that the critic refused, which must never look like a program that may be run."""
    reason = candidate.reason or "; ".join(
        fault.message for fault in (candidate.verdict.faults if candidate.verdict else ())
    )
    return f"Refused by the critic: {quoted(reason)}\n\n{candidate.source.strip()}\n"


def _fitness(candidate: Candidate) -> str:
    if candidate.fitness is None:
        return "not trained to the end" if candidate.state is CandidateState.PRUNED else "not trained"
    return f"{candidate.fitness:.6g}"


def _parameters(card: EnvCard) -> str:
    lines = [
        f"#   {variable.name} {_shape(variable.size)} in {quoted(variable.unit)}: {quoted(variable.about)}"
        for variable in card.variables
    ]
    lines.append("#   prev_ before a name: its value before the step")
    lines.append(f"#   action, prev_action {_shape(card.action.size)}; time (B,) in s; terminated (B,), 0 or 1")
    return "\n".join(["# What a reward here may name:", *lines])


def _shape(size: int) -> str:
    return f"(B, {size})" if size else "(B,)"
