"""Words, rankings and rewards of people; after which iteration they were heard; keys that keep a run from being made twice."""

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    # Columns are added in place: a batch would drop tables that others refer to.
    op.add_column("run", sa.Column("heard_iterations", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("run", sa.Column("idempotency_key", sa.String(length=64), nullable=True))
    op.create_index("ix_run_idempotency_key", "run", ["idempotency_key"], unique=True)
    op.create_table(
        "feedback",
        sa.Column("candidate_id", sa.String(length=64), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        *_said(),
    )
    op.create_index("ix_feedback_run_id", "feedback", ["run_id"], unique=False)
    op.create_table(
        "preference",
        sa.Column("ranking", sa.JSON(), nullable=False),
        sa.Column("words", sa.Text(), nullable=True),
        *_said(),
    )
    op.create_index("ix_preference_run_id", "preference", ["run_id"], unique=False)
    op.create_table(
        "contribution",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=True),
        *_said(iteration_known=False),
    )
    op.create_index("ix_contribution_run_id", "contribution", ["run_id"], unique=False)


def downgrade() -> None:
    for table in ("contribution", "preference", "feedback"):
        op.drop_index(f"ix_{table}_run_id", table_name=table)
        op.drop_table(table)
    op.drop_index("ix_run_idempotency_key", table_name="run")
    op.drop_column("run", "idempotency_key")
    op.drop_column("run", "heard_iterations")


def _said(*, iteration_known: bool = True) -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("run_id", sa.String(length=64), nullable=False),
        sa.Column("iteration", sa.Integer(), nullable=not iteration_known),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
