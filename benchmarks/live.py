"""A short search with a real model beside the same search with the offline designer.

    make live MODEL=openai/gpt-4.1

Prints how many rewards were accepted at once and after repairs, what it cost, and the gain in fitness over the offline
designer: the best of each search, and the winners of the final comparison with their intervals. One search each: a figure
to look at, not a proof.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from uuid import uuid4

from service.cli.embedded import open_embedded, open_stores
from service.cli.place import Workplace, settings_of_this_machine
from service.cli.running import Wanted, see_through
from service.cli.tables import interval, number, print_table
from service.cli.terminal import console
from service.schema import OFFLINE, RunRecord, RunRequest, SearchConfig, TrainingConfig
from service.store import Store


@dataclass(frozen=True)
class Outcome:
    """How one search went; `at_once` and `in_the_end` count accepted rewards, `asked` the rewards asked for."""

    designer: str
    asked: int
    at_once: int
    in_the_end: int
    repairs: int
    usd: float
    best: float | None
    winner: str

    @classmethod
    def of(cls, record: RunRecord) -> Outcome:
        """Counts what is stored of a finished run."""
        repaired = {(c.iteration, c.slot) for c in record.completions if c.attempt > 0}
        accepted = [c for c in record.candidates if c.verdict is not None and c.verdict.accepted]
        comparison = record.run.comparison
        winners = [] if comparison is None else [c for c in comparison.rewards if c.reward == "candidate"]
        return cls(
            designer=record.run.request.designer,
            asked=len({(c.iteration, c.slot) for c in record.completions}),
            at_once=len([c for c in accepted if (c.iteration, c.slot) not in repaired]),
            in_the_end=len(accepted),
            repairs=len([c for c in record.completions if c.attempt > 0]),
            usd=record.run.spending.usd,
            best=record.run.best_fitness,
            winner=interval(winners[0].interval) if winners else "-",
        )


def search(workplace: Workplace, store: Store, request: RunRequest) -> Outcome:
    """Runs one search to its end."""
    run = workplace.client.create_run(request, uuid4().hex)
    see_through(workplace, run, Wanted())
    return Outcome.of(store.record(run.id))


def main() -> None:
    """Searches twice and prints both beside each other."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="a model by its litellm name; its key in the environment")
    parser.add_argument("--env", default="Hopper-v5")
    parser.add_argument("--task", default="hop forward as fast as possible without falling")
    parser.add_argument("--iterations", type=int, default=2)
    parser.add_argument("--candidates", type=int, default=4)
    parser.add_argument("--steps", type=int, default=65_536)
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()

    def request(designer: str) -> RunRequest:
        return RunRequest(
            task=options.task,
            environment=options.env,
            designer=designer,
            search=SearchConfig(iterations=options.iterations, candidates=options.candidates),
            training=TrainingConfig(steps=options.steps, comparison_seeds=options.seeds),
        )

    settings = settings_of_this_machine("make live")
    store, _ = open_stores(settings)
    with open_embedded(settings) as workplace:
        # The model first: a key that is missing is told before an hour of training.
        outcomes = [search(workplace, store, request(designer)) for designer in (options.model, OFFLINE)]
    store.close()
    rows = [
        ("rewards asked for", *(str(o.asked) for o in outcomes)),
        ("accepted at once", *(str(o.at_once) for o in outcomes)),
        ("accepted in the end", *(str(o.in_the_end) for o in outcomes)),
        ("repairs", *(str(o.repairs) for o in outcomes)),
        ("USD", *(f"{o.usd:.4f}" for o in outcomes)),
        ("best fitness", *(number(o.best) for o in outcomes)),
        ("winner, IQM [95% interval]", *(o.winner for o in outcomes)),
    ]
    print_table(console(), "A model beside the offline designer", ("", *(o.designer for o in outcomes)), rows)
    model, offline = outcomes
    if model.best is not None and offline.best is not None:
        console().print(f" gain in best fitness over the offline designer: {model.best - offline.best:+.3f}")


if __name__ == "__main__":
    main()
