"""Runs the corpus of attacks: `python3 -m tests.adversary [--json] [--family F] [--jobs N] [--as-user UID] [--mode M]`.

Ends with status 1 where an attack shows no effect unprotected, or any effect under a layer that must stop it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict

from tests.adversary.attack import Attack, Family
from tests.adversary.corpus import CORPUS
from tests.adversary.outcome import PROTECTED, Mode, Outcome, modes_of
from tests.adversary.theatre import ground, perform_all


def main() -> int:
    """Runs what was asked for and prints what became of it."""
    asked = _arguments()
    attacks = [one for one in CORPUS if (asked.family or "") in one.family and (asked.name or "") in one.name]
    by_name = {one.name: one for one in attacks}
    runs = [(attack, mode) for attack in attacks for mode in modes_of(attack) if asked.mode in (None, mode)]
    done: list[Outcome] = []

    def tell(outcome: Outcome) -> None:
        done.append(outcome)
        if asked.verbose:
            print(outcome, file=sys.stderr)
        elif sys.stderr.isatty() or len(done) % 50 == 0:
            print(f"{len(done)} of {len(runs)} runs", end="\r" if sys.stderr.isatty() else "\n", file=sys.stderr)

    outcomes = perform_all(runs, asked.jobs, asked.as_user, tell)
    failures = [one for one in outcomes if not one.proves(by_name[one.attack])]
    where = ground(asked.as_user)
    if asked.json:
        print(
            json.dumps(
                {
                    "ground": where,
                    "failures": [asdict(one) for one in failures],
                    "outcomes": [asdict(one) for one in outcomes],
                }
            )
        )
    else:
        print(", ".join(f"{name}: {value}" for name, value in where.items()))
        print(_table(attacks, outcomes))
        for one in failures:
            print(f"FAILED {one}")
    return 1 if failures or not outcomes else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 -m tests.adversary", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.add_argument("--family", help=f"only families with this in their name: {', '.join(Family)}")
    parser.add_argument("--name", help="only attacks with this in their name")
    parser.add_argument("--jobs", type=int, default=2, help="stages side by side")
    parser.add_argument("--as-user", type=int, metavar="UID", help="run everything as this user; needs root")
    parser.add_argument("--mode", choices=Mode, type=Mode, help="only with this between an attack and its caller")
    parser.add_argument("--verbose", action="store_true", help="say what became of every run")
    asked = parser.parse_args()
    if asked.as_user is not None and os.getuid() != 0:
        parser.error("--as-user needs root; without it everything runs as you")
    return asked


def _table(attacks: Sequence[Attack], outcomes: Sequence[Outcome]) -> str:
    """Per family: how many attacks, how many showed their effect unprotected, and per layer how many let one through."""
    rows = [("family", "attacks", "shown unprotected", *(f"let through: {mode}" for mode in PROTECTED))]
    by_name = {one.name: one for one in attacks}
    for family in (*Family, None):
        of_family = [one for one in outcomes if family in (None, by_name[one.attack].family)]
        count = sum(one.mode is Mode.BOTH for one in of_family)
        shown = sum(one.proves(by_name[one.attack]) for one in of_family if one.mode is Mode.UNPROTECTED)
        through = [_share([one for one in of_family if one.mode is mode]) for mode in PROTECTED]
        if count:
            rows.append((family or "all", str(count), str(shown), *through))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _share(outcomes: Sequence[Outcome]) -> str:
    return f"{sum(bool(one.seen) for one in outcomes)} of {len(outcomes)}"


if __name__ == "__main__":
    sys.exit(main())
