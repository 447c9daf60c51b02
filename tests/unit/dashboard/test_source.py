"""What no page may do with anybody's words: have a browser read them as more than text."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import service.dashboard

HERE = Path(service.dashboard.__file__).parent
PYTHON = sorted(HERE.rglob("*.py"))
SCRIPTS = sorted(HERE.rglob("*.js"))
TELLS_HTML = ("html", "markdown", "restructured_text", "add_head_html", "add_body_html", "interactive_image", "mermaid")
IN_SCRIPTS = (
    r"innerHTML|outerHTML|insertAdjacentHTML|v-html|document\.write|\beval\(|new Function|https?://(?!www\.w3\.org)"
)


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: str(path.relative_to(HERE)))
def test_a_page_tells_words_as_text(path: Path) -> None:
    for call in (node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        assert name not in TELLS_HTML, f"line {call.lineno}: {name} tells a browser HTML"
        assert all(keyword.arg != "sanitize" for keyword in call.keywords), f"line {call.lineno}: sanitize"
        if name in ("run_javascript", "add_slot"):
            told = call.args[0] if name == "run_javascript" else call.args[-1]
            assert not isinstance(told, ast.JoinedStr | ast.BinOp | ast.Call), (
                f"line {call.lineno}: {name} of made-up text"
            )


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_shows_words_as_text_and_names_no_other_host(path: Path) -> None:
    assert re.search(IN_SCRIPTS, path.read_text(encoding="utf-8")) is None


def test_props_are_given_no_words_of_others() -> None:
    """`props("a=b")` is a small language of its own: what is put into it must be ours."""
    made_up = [
        f"{path.name}:{call.lineno}"
        for path in PYTHON
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and getattr(call.func, "attr", "") in ("props", "style") and call.args
        if isinstance(call.args[0], ast.JoinedStr)
        if any(
            not (isinstance(part.value, ast.Name) and part.value.id == "PAUSE")
            for part in call.args[0].values
            if isinstance(part, ast.FormattedValue)
        )
    ]
    assert made_up == []
