"""What each iteration used: US dollars, and environment steps. Of those that were, the steps of their curves."""

import sqlalchemy as sa
from alembic import op

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: None = None
depends_on: None = None
PAID = """
UPDATE iteration SET usd = (
  SELECT COALESCE(SUM(completion.usd), 0) FROM completion
  WHERE completion.run_id = iteration.run_id AND completion.iteration = iteration.number
)
"""
TRAINED = """
SELECT candidate.run_id, candidate.iteration, MAX(event.steps)
FROM event JOIN candidate ON candidate.id = event.candidate_id JOIN training ON training.id = event.training_id
WHERE event.kind = 'curve_point' AND NOT training.comparison
GROUP BY candidate.run_id, candidate.iteration, event.training_id
"""
STEPS = (
    "UPDATE iteration SET environment_steps = environment_steps + :steps WHERE run_id = :run_id AND number = :number"
)


def upgrade() -> None:
    op.add_column("iteration", sa.Column("usd", sa.Float(), nullable=False, server_default="0"))
    op.add_column("iteration", sa.Column("environment_steps", sa.BigInteger(), nullable=False, server_default="0"))
    connection = op.get_bind()
    connection.execute(sa.text(PAID))
    for run_id, number, steps in connection.execute(sa.text(TRAINED)).all():
        connection.execute(sa.text(STEPS), {"steps": steps or 0, "run_id": run_id, "number": number})


def downgrade() -> None:
    op.drop_column("iteration", "environment_steps")
    op.drop_column("iteration", "usd")
