from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from service.cli.tables import print_table, short
from service.cli.terminal import clean, console, print_json


@given(st.text(alphabet=st.characters() | st.sampled_from("\x1b\x9b[]\x07;m31\\")))
def test_no_text_brings_a_control_or_format_character_to_the_terminal(text: str) -> None:
    assert all(character in "\n\t " or character.isprintable() or character.isspace() for character in clean(text))
    assert "\x1b" not in clean(text)


def test_escape_sequences_go_whole() -> None:
    # colour, cursor, a window title, a link, the one-byte introducer, and a right-to-left override
    hostile = "a\x1b[31mb\x1b[2Jc\x1b]0;title\x07d\x1b]8;;http://x\x1b\\e\x9b1mf\u202eg"
    assert clean(hostile) == "abcdefg"


def test_markup_of_a_model_is_shown_and_not_obeyed() -> None:
    out = io.StringIO()
    print_table(Console(file=out, width=80), "[bold]t[/bold]", ("a",), [("[red]x[/red] :smile:",)])
    assert "[red]x[/red] :smile:" in out.getvalue()
    assert "[bold]t[/bold]" in out.getvalue()


def test_consoles_take_strings_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    console().print("[red]x[/red] :smile: 123")
    assert capsys.readouterr().out == "[red]x[/red] :smile: 123\n"


def test_json_is_one_document_in_ascii(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"task": "hüpf\x1b[31m\u202e"})
    assert capsys.readouterr().out == '{\n  "task": "h\\u00fcpf\\u001b[31m\\u202e"\n}\n'


def test_long_text_is_cut_to_one_line() -> None:
    assert short("one\ntwo  three", 9) == "one two …"
