"""Escaping for Markdown: text from outside stays words on one line."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handoffs.markdown import inline


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("Halvorsen Marine Logistics", "Halvorsen Marine Logistics"),
        ("Corvid & Lane (UK) Ltd.", "Corvid & Lane (UK) Ltd."),
        ("astrid.o_nygaard@halvorsen.example", "astrid.o_nygaard@halvorsen.example"),
        ("+47 22 55 01 84", "+47 22 55 01 84"),
        ("C# and F#", "C# and F#"),
        ("**bold** and _slanted_", r"\*\*bold\*\* and \_slanted\_"),
        ("a | b", r"a \| b"),
        ("<script>alert(1)</script>", r"\<script\>alert(1)\</script\>"),
        ("[click](javascript:alert(1))", r"\[click\](javascript:alert(1))"),
        ("![x](https://evil.example/p.png)", r"!\[x\](https\:/\/evil.example/p.png)"),
        ("see http://evil.example or WWW.evil.example", r"see http\:/\/evil.example or WWW\.evil.example"),
        ("`rm -rf`", r"\`rm -rf\`"),
        ("~~gone~~", r"\~\~gone\~\~"),
        ("back\\slash", r"back\\slash"),
        ("&lt;b&gt; &#60; R&D", r"\&lt;b\&gt; \&#60; R&D"),
        ("# heading", r"\# heading"),
        ("- item", r"\- item"),
        ("+ item", r"\+ item"),
        ("1. item", r"1\. item"),
        ("2) item", r"2\) item"),
        ("---", r"\---"),
        ("===", r"\==="),
        ("> quote", r"\> quote"),
        ("one\n\n# two\r\n| three |", r"one \# two \| three \|"),
        ("pay\u202egnp.exe", "paygnp.exe"),
        ("✅ CRM updated", "CRM updated"),
    ],
)
def test_markup_becomes_words(text: str, safe: str) -> None:
    assert inline(text) == safe


def test_a_very_long_value_is_cut() -> None:
    assert inline("x" * 10_000) == "x" * 499 + "…"
    assert inline("x" * 10_000, limit=10) == "x" * 9 + "…"


@settings(deadline=None)
@given(text=st.text(alphabet=st.sampled_from("ab1.-+=#*_`~<>[]()|\\&;! \n\r\t\u2028:/w"), max_size=30))
def test_no_markup_is_left_unescaped(text: str) -> None:
    safe = inline(text)
    assert len(safe.splitlines()) <= 1
    position = 0
    while position < len(safe):
        if safe[position] == "\\":
            position += 2
            continue
        assert safe[position] not in "*`~<>[]|"
        position += 1
