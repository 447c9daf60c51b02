"""An interval over a candidate's seeds, a mark of those trained on by a user's wish, and whose policy a training began with."""

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    # Columns are added in place: a batch would drop tables that others refer to.
    op.add_column("candidate", sa.Column("fitness_interval", sa.JSON(), nullable=True))
    op.add_column("candidate", sa.Column("continued", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("training", sa.Column("warm_start", sa.String(length=64), nullable=True))


def downgrade() -> None:
    op.drop_column("training", "warm_start")
    op.drop_column("candidate", "continued")
    op.drop_column("candidate", "fitness_interval")
