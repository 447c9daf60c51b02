import json
import sqlite3
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import SchemaItem
from sqlmodel import SQLModel

from service.schema import Measure
from service.store import StoreUnavailable, migrate_store, open_store, tables
from service.store.database import Database, migrations
from tests.postgres import Postgres

AT = "2030-01-01 00:00:00"
POINT = {
    "segment": 0, "steps": 1000, "fitness": 0.25, "success_rate": 0.0, "episode_length": 9.0, "terminated_rate": 1.0,
    "training_return": None, "training_length": None, "components": {}, "steps_per_second": 1.0, "policy_loss": 0.0,
    "value_loss": 0.0, "entropy": 0.0, "approximate_kl": 0.0,
}  # fmt: skip
FIRST_RELEASE = [
    ("run", {
        "id": "r-old", "request": '{"task": "hop", "environment": "Hopper-v5", "training": {"environments": 4}}',
        "fitness": '{"name": "far", "score": "1.0", "success": "True"}', "steps": 1000, "state": "queued", "iteration": 1,
        "fencing_token": 0, "last_event": 0, "usd": 0.0, "prompt_tokens": 0, "completion_tokens": 0, "completions": 0,
        "completions_possibly_paid": 0, "environment_steps": 0, "seconds": 0.0, "created_at": AT, "updated_at": AT,
    }),
    ("candidate", {
        "id": "r-old-1-0", "run_id": "r-old", "iteration": 1, "slot": 0, "state": "trained", "source": "pass",
        "origin": "proposed", "parents": "[]", "fitness": 1.5, "success_rate": 0.5, "findings": "[]", "created_at": AT,
    }),
    ("candidate", {
        "id": "r-old-1-1", "run_id": "r-old", "iteration": 1, "slot": 1, "state": "rejected", "source": "pass",
        "origin": "proposed", "parents": "[]", "findings": "[]", "created_at": AT,
        "verdict": '{"accepted": false, "faults": [{"code": "timeout", "message": "slow"}, {"code": "return", "message": "none"}]}',
    }),
    ("candidate", {
        "id": "r-old-1-2", "run_id": "r-old", "iteration": 1, "slot": 2, "state": "failed", "source": "pass",
        "origin": "proposed", "parents": "[]", "findings": "[]", "created_at": AT, "verdict": '{"accepted": true}',
        "reason": "killed: its process ended",
    }),
    ("training", {
        "id": "r-old-1-0-s0", "run_id": "r-old", "candidate_id": "r-old-1-0", "place": 0, "reward": "candidate",
        "comparison": False, "seed": 0, "state": "running", "segments": 2, "segments_done": 1,
    }),
    ("curve_point", {"training_id": "r-old-1-0-s0", "segment": 0, "point": json.dumps(POINT)}),
    ("iteration", {"run_id": "r-old", "number": 1, "state": "training"}),
    *(("completion", {
        "id": f"r-old-1-{slot}-0-0", "run_id": "r-old", "iteration": 1, "slot": slot, "attempt": 0, "earlier": 0, "model": "a",
        "state": "stored", "messages": "[]", "parents": "[]", "prompt_tokens": 0, "completion_tokens": 0, "usd": usd,
        "latency_seconds": 0.0, "created_at": AT,
    }) for slot, usd in ((0, 0.25), (1, 0.5), (2, None))),
    *(("event", {
        "run_id": "r-old", "number": number, "kind": "curve_point", "at": AT, "text": "a point", "candidate_id": "r-old-1-0",
        "training_id": "r-old-1-0-s0", "steps": 500 * number,
    }) for number in (1, 2)),
]  # fmt: skip
MIGRATE_AND_READ = (
    "import sys; from service.store import migrate_store, open_store; "
    "migrate_store(sys.argv[1]); open_store(sys.argv[1]).list_runs()"
)


def test_the_migrations_make_exactly_the_tables_of_the_models(database_url: str) -> None:
    database = Database(database_url)
    database.migrate()
    with database.engine.connect() as connection:
        others = set() if connection.dialect.name == "sqlite" else {"ix_run_created_at_id_task"}

        def belongs(_: SchemaItem, name: str | None, *__: object) -> bool:
            return name not in others

        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": belongs})
        assert compare_metadata(context, SQLModel.metadata) == []
        made = set(inspect(connection).get_table_names())
    assert made == {*SQLModel.metadata.tables, "alembic_version"}
    assert tables.RunRow.__tablename__ in made
    database.close()


def test_the_migrations_can_be_taken_back(database_url: str) -> None:
    database = Database(database_url)
    database.migrate()
    with database.engine.begin() as connection:
        command.downgrade(migrations(connection), "base")
    with database.engine.connect() as connection:
        assert inspect(connection).get_table_names() == ["alembic_version"]
    database.migrate()
    with database.engine.connect() as connection:
        assert "run" in inspect(connection).get_table_names()
    database.close()


def test_a_database_of_the_first_release_is_read_as_it_was(database_url: str) -> None:
    database = Database(database_url)
    with database.engine.begin() as connection:
        command.upgrade(migrations(connection), "0001")
        for table, row in FIRST_RELEASE:
            columns = ", ".join(row)
            marks = ", ".join(f":{column}" for column in row)
            connection.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({marks})"), row)
    database.close()
    migrate_store(database_url)
    store = open_store(database_url)
    candidate, *_ = store.candidates("r-old")
    assert (candidate.fitness, candidate.fitness_interval, candidate.continued) == (1.5, None, False)
    [training] = store.trainings("r-old")
    assert (training.warm_start, training.curve[0].fitness, training.curve[0].fitness_error) == (None, 0.25, None)
    assert store.get_run("r-old").request.training.seeds == 1
    [iteration] = store.iterations("r-old")
    assert (iteration.usd, iteration.environment_steps) == (0.75, 1000)  # as far as its curve came
    assert store.list_runs().runs[0].bests == (1.5,)
    counted = {one.kind: one.value for one in store.census(timedelta()).tallies if one.measure is Measure.REWARD_FAULTS}
    assert counted == {"killed": 1, "return": 1, "timeout": 1}
    store.close()


def test_processes_that_migrate_a_new_database_at_once_make_it_once(database_url: str) -> None:
    migrating = [subprocess.Popen([sys.executable, "-c", MIGRATE_AND_READ, database_url]) for _ in range(3)]
    assert [process.wait(timeout=60) for process in migrating] == [0, 0, 0]


def test_a_file_is_made_by_whoever_opens_it_with_its_folder(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/not/there/yet/runs.db")
    assert store.list_runs().runs == ()
    store.close()


def test_a_server_is_migrated_by_its_administrator_and_not_by_every_process(postgres: Postgres) -> None:
    url = postgres.create("fresh")
    with pytest.raises(StoreUnavailable, match=r"tables are missing or of an older release.*`rewardsmith migrate`"):
        open_store(url)
    migrate_store(url)
    store = open_store(url)
    assert store.list_runs().runs == ()
    store.close()


def test_sqlite_keeps_a_write_ahead_log_so_that_readers_and_a_writer_do_not_wait_for_each_other(tmp_path: Path) -> None:
    open_store(f"sqlite:///{tmp_path}/runs.db").close()
    connection = sqlite3.connect(tmp_path / "runs.db")
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_a_database_of_a_newer_release_is_refused_and_left_alone(database_url: str) -> None:
    database = Database(database_url)
    database.migrate()
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'from-the-future'"))
    with pytest.raises(StoreUnavailable, match=r"'from-the-future' is unknown here.*upgrade rewardsmith"):
        open_store(database_url)
    database.close()


def test_what_belongs_to_no_run_cannot_be_stored(database_url: str) -> None:
    database = Database(database_url)
    database.migrate()
    with pytest.raises(IntegrityError), database.writing() as session:
        session.add(tables.IterationRow(run_id="r-nowhere", number=1, state="designing"))
    database.close()
