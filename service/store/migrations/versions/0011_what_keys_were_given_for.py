"""What an idempotency key was given for: the request itself changes when its run is extended."""

import sqlalchemy as sa
from alembic import op

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    op.add_column("run", sa.Column("asked_digest", sa.String(length=64), nullable=True))


def downgrade() -> None:
    op.drop_column("run", "asked_digest")
