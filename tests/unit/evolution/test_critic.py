"""Which part of a reply is the reward, and what its author is told where none is."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.evolution.critic import NoCode, extract_source
from service.llm.loopback import Behaviour, answer, reward
from tests.pace import within_sums

CODE = "def compute_reward(action):\n    effort = -action[:, 0]\n    return effort, {'effort': effort}\n"


@pytest.mark.parametrize("behaviour", [Behaviour.GOOD, Behaviour.PROSE, Behaviour.TWO_BLOCKS])
def test_the_reward_is_found_among_prose_and_other_blocks(behaviour: Behaviour) -> None:
    assert extract_source(answer(behaviour, 4)) == reward(4)


@pytest.mark.parametrize("line", ["~" * 100_000 + "`", "~~~" + "a" * 100_000 + "`", "```" + "a" * 100_000 + "`"])
def test_a_line_that_is_almost_a_fence_is_read_in_no_time(line: str) -> None:
    # Reading it again from each of its characters took a minute and, for the first, weeks.
    with within_sums(13):
        assert extract_source(f"{line}\n```python\n{CODE}```") == CODE


@pytest.mark.parametrize(
    "reply",
    [
        f"```python\n{CODE}```",
        f"```py\n{CODE}```",
        f"```\n{CODE}```",
        f"~~~python\n{CODE}~~~",
        f"````python\n{CODE}````",
        f"```python title=reward.py\n{CODE}```",
        f"```python\r\n{CODE}```\r\n".replace("\n", "\r\n"),
        f"1. Here:\n   ```python\n{''.join(f'   {line}' for line in CODE.splitlines(keepends=True))}   ```\n",
        f"```python\n{CODE}",
        CODE,
    ],
)
def test_fences_come_in_many_kinds(reply: str) -> None:
    assert extract_source(reply) == CODE


def test_an_open_block_that_python_reads_for_seconds_is_not_read() -> None:
    with within_sums(13), pytest.raises(NoCode, match="breaks off"):
        extract_source("```python\n" + CODE + "a" + chr(0x301) * 9_000 + chr(0x316) * 9_000)


def test_a_reply_that_is_all_code_needs_no_fence() -> None:
    whole = f"import numpy as np\n\n{CODE}"
    assert extract_source(whole) == whole


def test_of_several_rewards_the_last_is_meant() -> None:
    draft = CODE.replace("effort", "draft")
    assert extract_source(f"<think>\n```python\n{draft}```\n</think>\n```python\n{CODE}```\nUse it well.") == CODE
    assert extract_source(f"```python\n{CODE}```\n```python\nprint(1)\n```") == CODE


def test_a_block_may_quote_shorter_fences() -> None:
    quoted = CODE.replace("    effort", '    """\n    ```\n    """\n    effort', 1)
    assert extract_source(f"````python\n{quoted}````") == quoted


def test_code_that_does_not_parse_is_left_to_the_policy_which_says_where() -> None:
    assert extract_source(answer(Behaviour.UNPARSABLE, 1)) != reward(1)


@pytest.mark.parametrize(
    ("reply", "code", "words"),
    [
        ("", "no_code", "holds no code block"),
        (answer(Behaviour.NO_CODE, 1), "no_code", "holds no code block"),
        ("```python\nx = 1\n```", "no_code", "its code block does not"),
        ("```python\nx = 1\n```\n```\ny = 1\n```", "no_code", "none of its 2 code blocks does"),
        (answer(Behaviour.TRUNCATED, 1), "reply_cut", "breaks off"),
        ("```python\nWEIGHT = 1", "reply_cut", "breaks off"),
    ],
)
def test_a_reply_without_a_whole_reward_is_told_what_to_send(reply: str, code: str, words: str) -> None:
    with pytest.raises(NoCode, match=words) as refused:
        extract_source(reply)
    assert refused.value.fault.code == code
    assert refused.value.fault.message == str(refused.value)
    assert "exactly one fenced block that begins with ```python" in str(refused.value)


@given(
    st.text()
    | st.lists(st.sampled_from(["```", "~~~", "python", "\n", "def compute_reward(", "x", " ", "\0"])).map("".join)
)
def test_any_reply_gives_source_or_no_code(reply: str) -> None:
    with suppress(NoCode):
        assert "compute_reward" in extract_source(reply)
