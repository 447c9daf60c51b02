"""What an installation is watched by: faults of rewards by kind, counts of deleted runs, and indices to count by."""

import json
import re
from collections import Counter

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: None = None
depends_on: None = None

CANDIDATE = sa.table(
    "candidate", sa.column("run_id"), sa.column("state"), sa.column("verdict", sa.JSON), sa.column("reason")
)
KIND = re.compile(r"[a-z_]{1,64}(?=:)")


def upgrade() -> None:
    fault = op.create_table(
        "fault",
        sa.Column("run_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"]),
        sa.PrimaryKeyConstraint("run_id", "kind"),
    )
    op.create_table(
        "tally",
        sa.Column("measure", sa.String(length=24), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("measure", "model", "kind"),
    )
    op.create_index("ix_candidate_state", "candidate", ["state"], unique=False)
    op.create_index(
        "ix_completion_census",
        "completion",
        ["model", "state", "usd", "prompt_tokens", "completion_tokens"],
        unique=False,
    )
    rows = [{"run_id": run_id, "kind": kind, "count": count} for (run_id, kind), count in sorted(_faults().items())]
    if rows:
        op.bulk_insert(fault, rows)


def downgrade() -> None:
    op.drop_index("ix_completion_census", table_name="completion")
    op.drop_index("ix_candidate_state", table_name="candidate")
    op.drop_table("tally")
    op.drop_table("fault")


def _faults() -> Counter[tuple[str, str]]:
    """Candidates by run and kind of fault, as far as they still show it: what was repaired since was not counted then."""
    wanted = sa.select(CANDIDATE.c.run_id, CANDIDATE.c.verdict, CANDIDATE.c.reason)
    found: Counter[tuple[str, str]] = Counter()
    for run_id, verdict, reason in op.get_bind().execute(wanted.where(CANDIDATE.c.state.in_(["rejected", "failed"]))):
        known = json.loads(verdict) if isinstance(verdict, str) else verdict or {}
        kinds = {fault["code"] for fault in known.get("faults", ())}
        named = KIND.match(reason or "")
        found.update((run_id, kind) for kind in kinds or ({named[0]} if named else {"other"}))
    return found
