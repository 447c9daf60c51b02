"""An index for each order of runs beneath each filter."""

from alembic import op

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: None = None
depends_on: None = None

ORDERS = ("created_at", "updated_at", "best_fitness")


def upgrade() -> None:
    op.drop_index("ix_run_environment_created_at", table_name="run")
    for order in ORDERS:
        for chosen in ("state", "environment"):
            op.create_index(f"ix_run_{chosen}_{order}_id", "run", [chosen, order, "id"], unique=False)


def downgrade() -> None:
    for order in ORDERS:
        for chosen in ("state", "environment"):
            op.drop_index(f"ix_run_{chosen}_{order}_id", table_name="run")
    op.create_index("ix_run_environment_created_at", "run", ["environment", "created_at"], unique=False)
