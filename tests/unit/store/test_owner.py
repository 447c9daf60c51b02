import os
import subprocess
import sys

import pytest

from service.store.owner import is_dead, process_owner, start_time, this_host

HOST = "lab/0a1b/4026531836"


def test_an_owner_lives_while_its_process_has_the_same_start_time() -> None:
    assert not is_dead(f"{HOST}:42:1000", HOST, lambda pid: {42: 1000}.get(pid))


def test_an_owner_is_dead_when_its_process_is_gone() -> None:
    assert is_dead(f"{HOST}:42:1000", HOST, lambda pid: None)


def test_an_owner_is_dead_when_another_process_got_its_number() -> None:
    assert is_dead(f"{HOST}:42:1000", HOST, lambda pid: 2000)


def test_an_owner_on_another_host_is_never_called_dead() -> None:
    assert not is_dead("elsewhere/0a1b/4026531836:42:1000", HOST, lambda pid: None)


@pytest.mark.parametrize("owner", ["", HOST, f"{HOST}:42", f"{HOST}:x:1", f"{HOST}:42:", f"{HOST}:42:1:2"])
def test_an_owner_of_another_form_is_never_called_dead(owner: str) -> None:
    assert not is_dead(owner, HOST, lambda pid: None)


def test_this_process_is_alive() -> None:
    assert process_owner() == f"{this_host()}:{os.getpid()}:{start_time(os.getpid())}"
    assert not is_dead(process_owner(), this_host(), start_time)


def test_a_killed_process_is_dead_before_and_after_its_parent_took_notice() -> None:
    child = subprocess.Popen([sys.executable, "-c", "print(flush=True); input()"], stdin=-1, stdout=-1)
    with child:
        assert child.stdout is not None
        child.stdout.readline()
        owner = f"{this_host()}:{child.pid}:{start_time(child.pid)}"
        assert not is_dead(owner, this_host(), start_time)
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it is a zombie from here on
        assert is_dead(owner, this_host(), start_time)
    assert is_dead(owner, this_host(), start_time)
