"""An index of completions by model: what the newest ones took tells what the next run will take."""

from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    op.create_index("ix_completion_model_created_at", "completion", ["model", "created_at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_completion_model_created_at", table_name="completion")
