"""The log of the processes that stay, on standard error: one JSON object a line for programs, plain lines at a terminal.

What a line tells of comes from models and requests too: no text of theirs breaks a line or reaches a terminal raw, and no key
is in it.
"""

from __future__ import annotations

import json
import logging
import math
import sys
import threading
import traceback
from datetime import UTC, datetime

from service.cli.terminal import clean
from service.llm.secrets import environment_secrets, without_secrets
from service.log_context import subject

LONGEST_TEXT = 20_000
"""Characters of a message or a traceback; of what is longer the beginning and the end are kept."""
OURS = ("service", "sandbox", "envs", "uvicorn")
STANDARD = {*vars(logging.makeLogRecord({})), "message", "asctime", "color_message"}
Scalar = str | int | float | None
log = logging.getLogger(__name__)


class SafeLines(logging.Formatter):
    """What is told of a record, without what the environment held of secrets when the log began."""

    def __init__(self) -> None:
        super().__init__()
        self._secrets = environment_secrets()

    def told(self, record: logging.LogRecord) -> dict[str, Scalar]:
        """What the record is about, and what else it was given."""
        about = {name: value for name, value in vars(subject()).items() if value is not None}
        given = {
            name: value for name, value in vars(record).items() if name not in STANDARD and not name.startswith("_")
        }
        return {name: self._scalar(value) for name, value in (about | given).items()}

    def safe(self, text: str) -> str:
        """Without secrets, of bounded length, and as UTF-8 can hold it."""
        text = without_secrets(text, self._secrets).encode("utf-8", "replace").decode()
        half = LONGEST_TEXT // 2
        return text if len(text) <= LONGEST_TEXT else f"{text[:half]} […] {text[-half:]}"

    def _scalar(self, value: object) -> Scalar:
        if value is None or (isinstance(value, int | float) and math.isfinite(value)):
            return value
        return self.safe(str(value))


class JsonLines(SafeLines):
    """One object in ASCII: `time` (UTC), `level`, `logger`, `process`, `message`, what it is about, and what was given as `extra`.

    An exception adds `exception`, its type, and `traceback`.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        line = {
            "time": _time(record).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "process": record.process,
            "message": self.safe(record.getMessage()),
            **self.told(record),
        }
        if record.exc_info and record.exc_info[0] is not None:
            line |= {"exception": record.exc_info[0].__name__, "traceback": self.safe(_traceback(record))}
        return json.dumps(line, ensure_ascii=True, allow_nan=False)


class TerminalLines(SafeLines):
    """Time, level, message and what it is about, without control characters; a traceback follows, moved to the right."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        told = " ".join(f"{name}={_one_line(value)}" for name, value in self.told(record).items())
        time = _time(record).astimezone()
        line = f"{time:%H:%M:%S} {record.levelname:<7} {_one_line(self.safe(record.getMessage()))}  {told}".rstrip()
        if record.exc_info and record.exc_info[0] is not None:
            line += "".join(f"\n    {clean(part)}" for part in self.safe(_traceback(record)).splitlines())
        return line


def start_log() -> None:
    """Begins the log of this process: ours and the server's lines, others' from a warning on, and what ends a thread."""
    handler = logging.StreamHandler()
    handler.setFormatter(TerminalLines() if sys.stderr.isatty() else JsonLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in OURS:
        logging.getLogger(name).setLevel(logging.INFO)
    logging.captureWarnings(True)
    threading.excepthook = _log_end_of_thread


def _log_end_of_thread(ended: threading.ExceptHookArgs) -> None:
    if ended.exc_value is not None:
        name = "a thread" if ended.thread is None else ended.thread.name
        log.error("%s has ended by a mistake in Rewardsmith itself", name, exc_info=ended.exc_value)


def _time(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)


def _traceback(record: logging.LogRecord) -> str:
    return "".join(traceback.format_exception(*record.exc_info)) if record.exc_info else ""


def _one_line(value: Scalar) -> str:
    return " ".join(clean(str(value)).split())
