"""The report of a run in Markdown: what was asked, what came out, what it cost, how to get it again."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence

from service.export.lineage import file_name
from service.export.text import fenced, markdown, plain
from service.schema import (
    OFFLINE,
    Baseline,
    Candidate,
    Comparison,
    Finding,
    Fitness,
    Interval,
    Run,
    RunRecord,
    Training,
)
from service.schema.tunings import in_words

REWARD_NAMES = {"candidate": "winner", "human": "human (the environment's own)", "sparse": "sparse"}
CURVES = "curves.png"
FROM_BASELINE = (
    "What is from a stored baseline was not trained again: the same trainings on the same seeds were done and kept."
)


def report(record: RunRecord, policy: Training | None, baseline: Baseline | None = None) -> str:
    """The whole report; `policy` is the training whose policy lies beside it, `baseline` what candidates are measured by.

    Everything that a model or a request wrote is escaped.
    """
    run = record.run
    winner = next((candidate for candidate in record.candidates if candidate.id == run.best_candidate_id), None)
    sections = [
        _head(run),
        _winner(winner, policy),
        _comparison(run),
        f"## Curves\n\n![Fitness over environment steps]({CURVES})",
        _iterations(record),
        _candidates(record, baseline),
        _cost(run),
        _reproduction(run),
    ]
    return "\n\n".join(sections) + "\n"


def _head(run: Run) -> str:
    request = run.request
    offline = request.designer == OFFLINE
    designer = "offline: a seeded grammar, no language model; it follows the fitness, not the sentence"
    rows = [
        ("task", markdown(request.task)),
        ("environment", markdown(request.environment)),
        ("fitness", f"{markdown(run.fitness.name)}{_in_unit(run.fitness)}"),
        ("score", markdown(run.fitness.score)),
        ("success", markdown(run.fitness.success)),
        ("designer", designer if offline else markdown(request.designer)),
        ("search", f"{request.search.iterations} iterations of {request.search.candidates} candidates"),
        ("training", _training(run)),
        ("state", run.state.value + (f": {markdown(run.reason)}" if run.reason else "")),
        ("run", markdown(run.id)),
    ]
    return "# Rewardsmith report\n\n" + _table(("", ""), rows)


def _training(run: Run) -> str:
    """How candidates were trained, in one line."""
    training, seed = run.request.training, run.request.search.seed
    steps = f"{run.steps:,} environment steps per candidate"
    parts = [
        f"{steps}, seed {seed}" if training.seeds == 1 else f"{steps} and seed, {training.seeds} seeds from {seed} on"
    ]
    if training.halving is not None:
        parts.append("weak candidates stopped early")
    if training.warm_start == "parent":
        parts.append("begun with the best parent's policy")
    elif training.warm_start is not None:
        parts.append(f"begun with the policy of {markdown(training.warm_start.candidate_id)}")
    parts.append(f"hyperparameters: {in_words(training.ppo)}")
    return "; ".join(parts)


def _in_unit(fitness: Fitness) -> str:
    return f", {markdown(fitness.unit)}" if fitness.unit else ""


def _winner(winner: Candidate | None, policy: Training | None) -> str:
    if winner is None:
        return "## Winner\n\nNo candidate has been trained: there is no winner yet."
    success = "" if winner.success_rate is None else f", success rate {winner.success_rate:.0%}"
    several = ", the mean over its seeds with a 95% interval" if winner.fitness_interval is not None else ""
    lines = [
        f"## Winner\n\n`{winner.id}` ({markdown(winner.origin)}): fitness {_fitness(winner)}{several}{success}, from "
        "the search's own training, on evaluation episodes that chose nothing."
    ]
    if policy is not None and policy.result is not None:
        lines.append(
            f"The policy in `policy.safetensors` is that of training `{policy.id}` (seed {policy.seed}), the best of the "
            f"winner's by fitness: {_number(policy.result.fitness)}, success rate {policy.result.success_rate:.0%}."
        )
    lines += [fenced(winner.source, "python"), "### Findings\n\n" + _findings(winner.findings)]
    return "\n\n".join(lines)


def _findings(findings: Sequence[Finding]) -> str:
    if not findings:
        return "The analyzer found nothing to say."
    return "\n".join(f"- {finding.severity.value}: {markdown(finding.message)}" for finding in findings)


def _comparison(run: Run) -> str:
    comparison = run.comparison
    if comparison is None:
        return "## Comparison\n\nThe winner has not been compared with the human and the sparse reward."
    rows = [
        (
            REWARD_NAMES[compared.reward] + (", from a stored baseline" if compared.stored else ""),
            _interval(compared.interval),
            f"{compared.success_rate:.0%}",
            ", ".join(_number(value) for value in compared.fitness),
        )
        for compared in comparison.rewards
    ]
    seeds = max((len(compared.fitness) for compared in comparison.rewards), default=0)
    count = "1 new seed" if seeds == 1 else f"{seeds} new seeds"
    return "\n\n".join(
        [
            f"## Comparison\n\nEach reward trained from scratch on {count}, {comparison.steps:,} environment steps "
            "each. Interquartile mean over seeds with a 95% bootstrap interval, raw fitness.",
            _table(("reward", "IQM [95% interval]", "success", "each seed"), rows),
            *([FROM_BASELINE] if any(compared.stored for compared in comparison.rewards) else []),
            _normalised(comparison),
        ]
    )


def _normalised(comparison: Comparison) -> str:
    if comparison.human_normalised is None:
        return "Human-normalised score: left out, because human and sparse reward cannot be told apart here."
    return f"Human-normalised score, (winner - sparse) / |human - sparse|: {_interval(comparison.human_normalised)}."


def _iterations(record: RunRecord) -> str:
    rows = [
        (str(i.number), _number(i.best), _number(i.mean), f"{i.trained} of {i.candidates}") for i in record.iterations
    ]
    return "## Iterations\n\n" + _table(("iteration", "best fitness", "mean fitness", "trained"), rows)


def _candidates(record: RunRecord, baseline: Baseline | None) -> str:
    measured = baseline if baseline is not None and baseline.told_apart else None
    rows = [
        (
            f"[{candidate.iteration}-{candidate.slot}](candidates/{file_name(candidate)})",
            candidate.state.value,
            markdown(candidate.origin),
            ", ".join(parent.removeprefix(f"{candidate.run_id}-") for parent in candidate.parents) or "-",
            _fitness(candidate),
            *([] if measured is None else [_normalised_fitness(candidate, measured)]),
            markdown(candidate.reason) if candidate.reason else "",
        )
        for candidate in record.candidates
    ]
    columns = ["candidate", "state", "origin", "parents", "fitness", "reason"]
    if measured is None:
        return "## Candidates\n\n" + _table(columns, rows)
    columns.insert(-1, "human-normalised")
    return "## Candidates\n\n" + _measured_by(measured) + "\n\n" + _table(columns, rows)


def _fitness(candidate: Candidate) -> str:
    """The mean over seeds with its interval, or the one figure there is."""
    return _number(candidate.fitness) if candidate.fitness_interval is None else _interval(candidate.fitness_interval)


def _normalised_fitness(candidate: Candidate, baseline: Baseline) -> str:
    return "-" if candidate.fitness is None else _number(baseline.normalised(candidate.fitness))


def _measured_by(baseline: Baseline) -> str:
    return (
        f"Human-normalised, (fitness - sparse) / |human - sparse|, by a stored baseline: human "
        f"{_interval(baseline.human.interval)}, sparse {_interval(baseline.sparse.interval)}, each trained on "
        f"{len(baseline.seeds)} seeds for {baseline.steps:,} environment steps."
    )


def _cost(run: Run) -> str:
    spent = run.spending
    rows = [
        ("paid to providers", f"{spent.usd:.4f} USD"),
        ("completions", f"{spent.completions:,} ({spent.prompt_tokens:,} + {spent.completion_tokens:,} tokens)"),
        ("completions possibly paid for and lost", f"{spent.completions_possibly_paid:,}"),
        ("environment steps", f"{spent.environment_steps:,}"),
        ("time worked", f"{spent.seconds:,.0f} s"),
    ]
    return "## Cost\n\n" + _table(("", ""), rows)


def _reproduction(run: Run) -> str:
    return (
        "## How to get it again\n\nThe whole request is in `request.json`, the body of `POST /api/v1/runs`. Its main parts as "
        "a command, which trains with the hyperparameters that its release has for the environment:\n\n"
        + fenced(command(run), "sh")
        + "\n\nThe same request gives the same figures on the same kind of "
        "processor with the offline designer; a language model answers anew."
    )


def command(run: Run) -> str:
    """The shell command that asks for a run's task, sizes and seed again, every word quoted."""
    request = run.request
    options = {
        "env": request.environment,
        "task": request.task,
        "score": run.fitness.score,
        "success": run.fitness.success,
        "iterations": str(request.search.iterations),
        "candidates": str(request.search.candidates),
        "steps": str(run.steps),
        "seeds": str(request.training.comparison_seeds),
        "seed": str(request.search.seed),
    }
    if request.designer != OFFLINE:
        options["model"] = request.designer
    return shlex.join(["rewardsmith", "run", *(f"--{name}={plain(value)}" for name, value in options.items())])


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _interval(interval: Interval) -> str:
    return f"{_number(interval.mean)} [{_number(interval.low)}, {_number(interval.high)}]"
