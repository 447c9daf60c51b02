"""The command `rewardsmith`: a client of the API, in-process as long as no server is named.

Everything heavy is imported by the command that needs it, so that help comes at once.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from typing import NoReturn

from service.cli.faults import CommandFault, ExitCode
from service.cli.terminal import clean


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Runs one command and ends the process with an `ExitCode`; what went wrong is one line on standard error."""
    sys.exit(_run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    from typer import Abort
    from typer import main as typer_main
    from typer.exceptions import TyperException

    from service.cli.commands import app

    words = sys.argv[1:] if arguments is None else list(arguments)
    try:
        code = typer_main.get_command(app).main(words or ["--help"], prog_name="rewardsmith", standalone_mode=False)
    except CommandFault as fault:
        return _refuse(str(fault), fault.code)
    except TyperException as error:
        return _refuse(error.format_message(), ExitCode.BAD_INPUT)
    except (Abort, KeyboardInterrupt):
        return _refuse("interrupted", ExitCode.INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()
        return ExitCode.OK
    except OSError as error:
        return _refuse(f"{error}; check the disk and its permissions", ExitCode.INFRASTRUCTURE)
    except Exception as error:  # noqa: BLE001  (the last handler: whatever comes here is a mistake of this program)
        traceback.print_exception(error)
        return _refuse("a mistake in Rewardsmith itself; please report the lines above", ExitCode.INFRASTRUCTURE)
    return code if isinstance(code, int) else ExitCode.OK


def _refuse(message: str, code: ExitCode) -> ExitCode:
    print(f"rewardsmith: {' '.join(clean(message).split())}", file=sys.stderr)
    return code
