"""Deletes what an installation need not keep, and says what that freed."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta

from service.artifacts import ArtifactsError
from service.cli.embedded import open_stores
from service.cli.faults import Infrastructure
from service.cli.place import settings_of_the_database
from service.cli.terminal import print_json
from service.retention import Cuts, Pruned, carry_out, plan
from service.store import StoreUnavailable


def prune_store(checkpoint_days: int | None, run_days: int | None, *, dry_run: bool, as_json: bool) -> None:
    """Deletes checkpoints and runs that ended so many days ago, by the settings where none are given, and what crashes left.

    Raises `Infrastructure` where the database or the artifacts cannot be used: what is deleted until then is told nowhere.
    """
    settings = settings_of_the_database("prune")
    now = datetime.now(UTC)
    cuts = Cuts(
        _moment(now, settings.keep_checkpoints_days if checkpoint_days is None else checkpoint_days),
        _moment(now, settings.keep_runs_days if run_days is None else run_days),
    )
    store, artifacts = open_stores(settings)
    try:
        planned = plan(store, artifacts, cuts, now)
        if dry_run:
            files = [one for group in (planned.whole, planned.spare) for some in group.values() for one in some]
            pruned = Pruned(tuple(planned.whole), len(files), sum(one.size for one in files), None)
        else:
            pruned = carry_out(planned, store, artifacts, cuts)
    except (StoreUnavailable, ArtifactsError) as error:
        raise Infrastructure(f"{error}; the same command deletes the rest") from error
    finally:
        store.close()
    if as_json:
        print_json({"dry_run": dry_run, **asdict(pruned)})
    else:
        smaller = "" if pruned.database_bytes is None else f"; the database is {pruned.database_bytes:,} bytes smaller"
        did = "would delete" if dry_run else "deleted"
        print(f"{did} {len(pruned.runs)} runs and {pruned.files} files of {pruned.artifact_bytes:,} bytes{smaller}")


def _moment(now: datetime, days: int | None) -> datetime | None:
    return None if days is None else now - timedelta(days=days)
