"""Since when a run waits for its turn, and the iterations that no longer speak against buying another."""

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    # Columns are added in place: a batch would drop tables that others refer to.
    op.add_column("run", sa.Column("excused_iterations", sa.Integer(), nullable=False, server_default="0"))
    op.add_column(
        "run",
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False, server_default="2000-01-01 00:00:00+00"),
    )
    op.execute("UPDATE run SET queued_at = created_at")
    op.drop_index("ix_run_state", table_name="run")
    op.create_index("ix_run_state_queued_at", "run", ["state", "queued_at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_run_state_queued_at", table_name="run")
    op.create_index("ix_run_state", "run", ["state"], unique=False)
    op.drop_column("run", "queued_at")
    op.drop_column("run", "excused_iterations")
