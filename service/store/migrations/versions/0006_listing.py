"""What runs are listed by: environment and task as columns of their own, and an index for each order."""

import json

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: None = None
depends_on: None = None

RUN = sa.table("run", sa.column("id"), sa.column("request", sa.JSON), sa.column("environment"), sa.column("task"))


def upgrade() -> None:
    # Columns are added in place: a batch would drop tables that others refer to.
    op.add_column("run", sa.Column("environment", sa.String(length=64), nullable=False, server_default=""))
    op.add_column("run", sa.Column("task", sa.Text(), nullable=False, server_default=""))
    connection = op.get_bind()
    for run_id, request in connection.execute(sa.select(RUN.c.id, RUN.c.request)).all():
        known = json.loads(request) if isinstance(request, str) else request
        values = {"environment": known["environment"], "task": known["task"].replace("\x00", "\ufffd")}
        connection.execute(sa.update(RUN).where(RUN.c.id == run_id).values(values))
    op.create_index("ix_run_environment_created_at", "run", ["environment", "created_at"], unique=False)
    op.create_index("ix_run_updated_at_id", "run", ["updated_at", "id"], unique=False)
    op.create_index("ix_run_best_fitness_id", "run", ["best_fitness", "id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_run_best_fitness_id", table_name="run")
    op.drop_index("ix_run_updated_at_id", table_name="run")
    op.drop_index("ix_run_environment_created_at", table_name="run")
    op.drop_column("run", "task")
    op.drop_column("run", "environment")
