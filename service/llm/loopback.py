"""An OpenAI-compatible server on loopback that answers as real ones do, faults included, in the order it is told to.

For tests and benchmarks: the client that talks to it is the one that talks to a provider.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Final

from pydantic import BaseModel, Field


class Behaviour(StrEnum):
    """What the server does with one request."""

    GOOD = "good"
    PROSE = "prose"
    NO_CODE = "no_code"
    TWO_BLOCKS = "two_blocks"
    UNPARSABLE = "unparsable"
    UNKNOWN_VARIABLE = "unknown_variable"
    NAN = "nan"
    TRUNCATED = "truncated"
    CUT = "cut"
    RATE_LIMITED = "rate_limited"
    NO_QUOTA = "no_quota"
    SERVER_ERROR = "server_error"
    BAD_REQUEST = "bad_request"
    UNAUTHORISED = "unauthorised"
    NOT_JSON = "not_json"
    NO_CHOICES = "no_choices"
    HANG = "hang"


class ChatTurn(BaseModel):
    """One message of a request, as it came over the wire."""

    role: str
    content: str


class ChatRequest(BaseModel):
    """One request to `/chat/completions`; what else it held is in `model_extra`."""

    model_config = {"extra": "allow"}

    model: str
    messages: list[ChatTurn] = Field(min_length=1)
    temperature: float | None = None


Step = Behaviour | str
"""A behaviour, or the text of an answer."""

_STATUS: Final = {
    Behaviour.RATE_LIMITED: (429, "Rate limit reached for requests", "rate_limit_exceeded"),
    Behaviour.NO_QUOTA: (429, "You exceeded your current quota (insufficient_quota)", "insufficient_quota"),
    Behaviour.SERVER_ERROR: (500, "The server had an error while processing your request", "server_error"),
    Behaviour.BAD_REQUEST: (400, "This request was not accepted", "invalid_request_error"),
    Behaviour.UNAUTHORISED: (401, "Incorrect API key provided: {key}", "invalid_api_key"),
}


def reward(number: int) -> str:
    """A reward that every environment's card allows, a different one for each number."""
    return (
        "def compute_reward(action, prev_action):\n"
        "    effort = -0.1 * np.sum(np.square(action), axis=-1)\n"
        f"    steadiness = np.exp(-np.sum(np.square(action - prev_action), axis=-1) / {1 + number})\n"
        "    total = effort + steadiness\n"
        '    return total, {"effort": effort, "steadiness": steadiness}\n'
    )


def answer(behaviour: Behaviour, number: int) -> str:
    """The text that the server answers with where a behaviour answers with text; `number` counts requests from 1."""
    code = reward(number)
    block = f"```python\n{code}```\n"
    match behaviour:
        case Behaviour.PROSE:
            return f"Let me think about this. The robot should save its strength.\n\n{block}\nI hope this helps! Shall I go on?"
        case Behaviour.NO_CODE:
            return "I would reward low effort and steady actions."
        case Behaviour.TWO_BLOCKS:
            return f"A constant first:\n\n```python\nWEIGHT = 0.1\n```\n\nand the reward:\n\n{block}"
        case Behaviour.UNPARSABLE:
            return block.replace("np.square(action)", "np.square(action", 1)
        case Behaviour.UNKNOWN_VARIABLE:
            return block.replace("prev_action", "wing_span")
        case Behaviour.NAN:
            return block.replace("total = effort", "total = effort * np.nan")
        case Behaviour.TRUNCATED:
            return block[: block.index("axis=-1)") + 4]
        case _:
            return f"Low effort and steady actions.\n\n{block}"


@dataclass
class LoopbackServer:
    """Answers on `base_url` by `script`, one step per request in order of arrival, then with `then`.

    `requests` holds every request that came, as it was sent; `retry_after_seconds` goes with each 429. A context manager.
    """

    script: Sequence[Step] = ()
    then: Step = Behaviour.GOOD
    retry_after_seconds: float | None = 1.0
    requests: list[ChatRequest] = field(default_factory=list, init=False)

    def __enter__(self) -> LoopbackServer:
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        server = self

        class Handler(_Handler):
            loopback = server

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = False
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, name="loopback"
        )
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Lets hanging requests go and waits for every thread."""
        self._stopping.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    @property
    def base_url(self) -> str:
        """The URL that a client is given, `http://127.0.0.1:PORT/v1`."""
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    def next_step(self, request: ChatRequest) -> tuple[Step, int]:
        """Records a request; what to do with it, and its number from 1."""
        with self._lock:
            self.requests.append(request)
            number = len(self.requests)
        return (self.script[number - 1] if number <= len(self.script) else self.then), number

    def wait_for_stop(self) -> None:
        """Returns when the server is stopped: a request that hangs waits here."""
        self._stopping.wait()


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    loopback: LoopbackServer
    protocol_version = "HTTP/1.0"

    def do_GET(self) -> None:
        """The list of models, which says that the server is there."""
        if self.path == "/v1/models":
            self._send(200, {"object": "list", "data": []})
        else:
            self._send_error(404, f"no such path: {self.path}", "not_found")

    def do_POST(self) -> None:
        """One chat completion, or the fault that is its turn."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path != "/v1/chat/completions":
            self._send_error(404, f"no such path: {self.path}", "not_found")
            return
        request = ChatRequest.model_validate_json(body)
        step, number = self.loopback.next_step(request)
        match step:
            case Behaviour.HANG:
                self.loopback.wait_for_stop()
            case Behaviour() if step in _STATUS:
                status, message, code = _STATUS[step]
                key = self.headers.get("Authorization", "").removeprefix("Bearer ")
                self._send_error(status, message.format(key=key), code)
            case Behaviour.NOT_JSON:
                page = b"<html>Bad gateway</html>"
                self._write(200, page, len(page))
            case Behaviour.NO_CHOICES:
                self._send(200, _completion(request, number, ()))
            case Behaviour.CUT:
                whole = json.dumps(
                    _completion(request, number, (_choice(answer(Behaviour.GOOD, number), "stop"),))
                ).encode()
                self._write(200, whole[: len(whole) // 2], length=len(whole))
            case Behaviour():
                reason = "length" if step is Behaviour.TRUNCATED else "stop"
                self._send(200, _completion(request, number, (_choice(answer(step, number), reason),)))
            case text:
                self._send(200, _completion(request, number, (_choice(text, "stop"),)))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Keeps quiet: `requests` is the log."""

    def _send_error(self, status: int, message: str, code: str) -> None:
        self._send(status, {"error": {"message": message, "type": code, "param": None, "code": code}})

    def _send(self, status: int, payload: dict[str, object]) -> None:
        body = json.dumps(payload).encode()
        self._write(status, body, len(body))

    def _write(self, status: int, body: bytes, length: int) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(length))
        if status == 429 and self.loopback.retry_after_seconds is not None:
            self.send_header("Retry-After", f"{self.loopback.retry_after_seconds:g}")
        self.end_headers()
        self.wfile.write(body)


def _choice(text: str, reason: str) -> dict[str, object]:
    return {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": reason}


def _completion(request: ChatRequest, number: int, choices: tuple[dict[str, object], ...]) -> dict[str, object]:
    """A completion as OpenAI's API gives it; tokens are counted as words."""
    said = sum(len(turn.content.split()) for turn in request.messages)
    answered = len(json.dumps(choices).split())
    return {
        "id": f"chatcmpl-loopback-{number}",
        "object": "chat.completion",
        "created": 1_700_000_000 + number,
        "model": request.model,
        "choices": list(choices),
        "usage": {"prompt_tokens": said, "completion_tokens": answered, "total_tokens": said + answered},
    }
