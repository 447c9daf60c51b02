"""The command line as a person meets it: words in, an exit code and two streams out."""

from __future__ import annotations

import pytest

from service.cli import main
from service.cli.faults import ExitCode


class Shell:
    """Runs commands as a shell would and keeps what they said."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            main(words)
        said = self._capsys.readouterr()
        return int(end.value.code or 0), said.out, said.err

    def refused(self, *words: str, code: ExitCode = ExitCode.BAD_INPUT) -> str:
        """The one line of a command that ends with `code`."""
        ended, out, err = self(*words)
        assert (ended, out) == (code, "")
        assert len(err.splitlines()) == 1, err
        return err
