"""Every command with its options, in the order of the help. What a command does stands elsewhere and is imported when called."""

from service.cli.commands import search, runs, machine, tokens  # isort: skip -- the order of the help
from service.cli.commands.app import app

app.add_typer(tokens.app, name="token")

__all__ = ["app", "machine", "runs", "search"]
