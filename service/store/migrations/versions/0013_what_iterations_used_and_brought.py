"""What each iteration used, in US dollars and environment steps, and the best fitness that each brought, beside its run.

Of iterations of before the steps of their curves count.
"""

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

BROUGHT = """
SELECT run_id, iteration, MAX(fitness) FROM candidate WHERE state = 'trained' AND fitness IS NOT NULL
GROUP BY run_id, iteration ORDER BY run_id, iteration
"""
BESTS = sa.text("UPDATE run SET bests = :bests WHERE id = :run_id").bindparams(sa.bindparam("bests", type_=sa.JSON))


def upgrade() -> None:
    op.add_column("iteration", sa.Column("usd", sa.Float(), nullable=False, server_default="0"))
    op.add_column("iteration", sa.Column("environment_steps", sa.BigInteger(), nullable=False, server_default="0"))
    connection = op.get_bind()
    connection.execute(sa.text(PAID))
    for run_id, number, steps in connection.execute(sa.text(TRAINED)).all():
        connection.execute(sa.text(STEPS), {"steps": steps or 0, "run_id": run_id, "number": number})
    op.add_column("run", sa.Column("bests", sa.JSON(), nullable=False, server_default="[]"))
    bests: dict[str, list[float | None]] = {}
    for run_id, number, fitness in connection.execute(sa.text(BROUGHT)).all():
        known = bests.setdefault(run_id, [])
        known += [None] * (number - 1 - len(known)) + [fitness]
    for run_id, known in bests.items():
        connection.execute(BESTS, {"bests": known, "run_id": run_id})


def downgrade() -> None:
    op.drop_column("run", "bests")
    op.drop_column("iteration", "environment_steps")
    op.drop_column("iteration", "usd")
