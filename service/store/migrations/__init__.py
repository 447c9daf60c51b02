"""Alembic's migrations, from the first tables on."""
