"""Which server the commands speak to, what it is shown, and what is said where it is not the one that was meant."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import Receive, Send
from starlette.types import Scope as Connection

from service.cli.faults import ExitCode
from service.schema import Fitness, RunRequest, RunState, Scope
from service.store import Store, process_owner
from tests.served import listening
from tests.unit.cli.shell import Shell

FITNESS = Fitness(name="speed", score="1.0", success="True")
HEALTHY = {"status": "ok", "version": version("rewardsmith")}


class Stranger:
    """Answers everything but the sign of life with `answer`, and remembers what it was shown."""

    def __init__(
        self, answer: Callable[[], Response], health: Callable[[], Response] = lambda: JSONResponse(HEALTHY)
    ) -> None:
        self._answer, self._health = answer, health
        self.shown: list[tuple[str, str | None]] = []

    async def __call__(self, connection: Connection, receive: Receive, send: Send) -> None:
        request = Request(connection, receive)
        self.shown.append((request.url.path, request.headers.get("Authorization")))
        response = self._health() if request.url.path.endswith("/healthz") else self._answer()
        await response(connection, receive, send)


@pytest.fixture
def named(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Shell]:
    """The commands with a server named, and a token."""

    def name(address: str) -> Shell:
        monkeypatch.setenv("REWARDSMITH_URL", address)
        monkeypatch.setenv("REWARDSMITH_TOKEN", "rewardsmith_secret")
        monkeypatch.setenv("NO_PROXY", "*")
        return shell

    return name


def runs() -> Response:
    return JSONResponse({"items": [], "next_cursor": None})


def test_the_token_is_shown_once_the_server_is_known_to_be_one(named: Callable[[str], Shell]) -> None:
    stranger = Stranger(runs)
    with listening(stranger) as address:
        assert named(address + "/behind/a/proxy/")("ls", "--json")[:2] == (ExitCode.OK, "[]\n")
    prefix = "/behind/a/proxy/api/v1"
    assert stranger.shown == [(f"{prefix}/healthz", None), (f"{prefix}/runs", "Bearer rewardsmith_secret")]


def test_no_redirect_is_followed_and_so_nobody_else_sees_the_token(named: Callable[[str], Shell]) -> None:
    elsewhere = Stranger(runs)
    with listening(elsewhere) as other, listening(Stranger(lambda: RedirectResponse(other))) as address:
        told = named(address).refused("ls", code=ExitCode.INFRASTRUCTURE)
    assert f"points to {other}, which is not followed; check REWARDSMITH_URL" in told
    assert elsewhere.shown == []


@pytest.mark.parametrize(
    ("health", "told"),
    [
        (lambda: JSONResponse({"status": "ok", "version": "9.9.9"}), "is rewardsmith 9.9.9 and this command is of"),
        (lambda: HTMLResponse("<html>"), "with something that this release cannot read; check REWARDSMITH_URL"),
        (lambda: JSONResponse({"detail": "Not Found"}, 404), "answered 404 without saying why; check REWARDSMITH_URL"),
        (lambda: HTMLResponse("<html>", 502), "answered 502 without saying why; check REWARDSMITH_URL"),
    ],
)
def test_what_is_no_server_of_this_release_is_told_and_shown_no_token(
    named: Callable[[str], Shell], health: Callable[[], Response], told: str
) -> None:
    stranger = Stranger(runs, health)
    with listening(stranger) as address:
        assert told in named(address).refused("ls", code=ExitCode.INFRASTRUCTURE)
    assert [token for _, token in stranger.shown] == [None]


def test_an_answer_of_another_shape_is_told_in_one_line(named: Callable[[str], Shell]) -> None:
    with listening(Stranger(lambda: JSONResponse({"runs": 3}))) as address:
        told = named(address).refused("ls", code=ExitCode.INFRASTRUCTURE)
    assert "answered /api/v1/runs?limit=20 with something that this release cannot read" in told


def test_a_server_does_not_choose_the_folder_that_an_export_is_written_to(
    named: Callable[[str], Shell], store: Store, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "autostart"
    run = store.create_run(RunRequest(task="hop", environment="Hopper-v5"), FITNESS, 100_000)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("evil.desktop", "[Desktop Entry]")
    answers = iter([JSONResponse({**run.model_dump(mode="json"), "id": str(elsewhere)}), Response(buffer.getvalue())])
    with listening(Stranger(lambda: next(answers))) as address:
        told = named(address).refused("export", run.id, code=ExitCode.INFRASTRUCTURE)
    named_there = str(elsewhere)[:80]  # no line of any length is told
    assert f"the API named {named_there!r}, which is no id: nothing was written" in told
    assert not elsewhere.exists()


def test_nobody_at_the_address_is_told_with_what_to_check(named: Callable[[str], Shell]) -> None:
    with listening(Stranger(runs)) as address:
        pass
    told = named(address).refused("ls", code=ExitCode.INFRASTRUCTURE)
    assert f"{address} cannot be reached: " in told
    assert "check REWARDSMITH_URL, and that a rewardsmith server answers there" in told


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("lab.example:8000", "REWARDSMITH_URL: String should match pattern"),
        ("https://me:secret@lab.example", "REWARDSMITH_URL: expected https://HOST"),
        ("http://", "REWARDSMITH_URL: expected https://HOST"),
        ("http://lab.example/api/v1/", "REWARDSMITH_URL: expected the server's address without /api/v1"),
        ("http://[::1", "REWARDSMITH_URL: not an address"),
    ],
)
def test_what_can_be_no_address_is_bad_input(named: Callable[[str], Shell], url: str, told: str) -> None:
    refused = named(url).refused("ls")
    assert told in refused
    assert "secret" not in refused


def test_a_token_over_an_open_network_is_warned_of_once(named: Callable[[str], Shell]) -> None:
    with listening(Stranger(runs)) as address:
        code, _, err = named(address.replace("127.0.0.1", "0.0.0.0"))(
            "ls"
        )  # this machine, by a name that is not loopback
        assert (code, err) == (ExitCode.OK, "warning: REWARDSMITH_TOKEN goes to 0.0.0.0 unencrypted; use https://\n")
        assert named(address)("ls")[2] == ""


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "ключ"])
def test_what_can_be_no_token_is_not_sent(
    server: str, shell: Shell, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv("REWARDSMITH_TOKEN", token)
    assert "REWARDSMITH_TOKEN: expected a token as `rewardsmith token create` shows it" in shell.refused("ls")


def test_a_token_that_is_unknown_missing_or_too_weak_is_bad_input(
    server: str, store: Store, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REWARDSMITH_TOKEN", "rewardsmith_unknown")
    assert "REWARDSMITH_TOKEN: expected `Authorization: Bearer`" in shell.refused("ls")
    monkeypatch.setenv("REWARDSMITH_TOKEN", store.tokens.create("eyes", Scope.READ).secret)
    assert json.loads(shell("ls", "--json")[1]) == []
    told = shell.refused("run", "--env", "Hopper-v5", "--task", "hop")
    assert "REWARDSMITH_TOKEN: this takes a token of scope run" in told
    monkeypatch.delenv("REWARDSMITH_TOKEN")
    assert "none was given" in shell.refused("ls")


@pytest.mark.parametrize("words", ["token ls", "token create lab", "migrate", "prune"])
def test_commands_on_the_database_itself_refuse_a_server(named: Callable[[str], Shell], words: str) -> None:
    told = named("https://lab.example").refused(*words.split())
    assert "works on the database itself, and REWARDSMITH_URL names a server (https://lab.example)" in told


def test_commands_of_this_machine_say_that_they_ignore_the_server(named: Callable[[str], Shell]) -> None:
    Path("file").write_text("in the way")
    code, _, err = named("https://lab.example")("demo", "--to", "file")
    assert code == ExitCode.BAD_INPUT
    assert err.splitlines()[0] == "demo concerns this machine: REWARDSMITH_URL (https://lab.example) is ignored"


def test_a_run_that_a_server_works_on_is_seen_through_and_exported(server: str, store: Store, shell: Shell) -> None:
    ended = threading.Event()

    def work() -> None:
        while (claim := store.claim(process_owner(), 3600.0)) is None and not ended.wait(0.05):
            pass
        assert claim is not None
        store.writer(claim).set_run_state(RunState.COMPLETED)

    with ThreadPoolExecutor(1) as worker:
        work_done = worker.submit(work)
        code, out, err = shell("run", "--env", "Hopper-v5", "--task", "hop", "--json")
        ended.set()
        work_done.result()
    told = json.loads(out)
    assert (code, told["run"]["state"]) == (ExitCode.OK, "completed")
    assert "completed" in err
    assert (Path(told["export"]) / "report.md").is_file()
