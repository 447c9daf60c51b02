"""Where SQLite looks through tasks, newest first, without reading whole rows."""

from alembic import op

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: None = None
depends_on: None = None
INDEX = "ix_run_created_at_id_task"


def upgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        op.create_index(INDEX, "run", ["created_at", "id", "task"])


def downgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        op.drop_index(INDEX, "run")
