"""Runs the migrations over the connection it is given, inside that connection's transaction."""

from alembic import context
from sqlmodel import SQLModel

from service.store import tables  # noqa: F401

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
