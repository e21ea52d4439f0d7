"""What reaches a terminal is for reading only."""

from __future__ import annotations

import io
import json
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fannel.cli.terminal import json_text, printable

UTF8 = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
ASCII = io.TextIOWrapper(io.BytesIO(), encoding="ascii")

any_text = st.text(st.characters(exclude_categories=()))
any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | any_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(any_text, inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@given(any_json, st.sampled_from([UTF8, ASCII]), st.sampled_from([None, 2]))
def test_json_means_the_same_and_holds_nothing_a_terminal_obeys(value, stream, indent):
    text = json_text(value, indent=indent, stream=stream)
    assert json.loads(text) == json.loads(json.dumps(value))
    text.encode(stream.encoding)
    allowed = "\n" if indent else ""
    assert all(c.isprintable() or c in allowed or unicodedata.category(c) == "Zs" for c in text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ASCII\nwith lines", "plain ASCII\nwith lines"),
        ("インターフェース\u3000é 🚨", "インターフェース\u3000é 🚨"),
        ("\x1b]0;title\x07", "\\u001b]0;title\\u0007"),
        ("a\rb\tc\x00\x7f", "a\\rb\\tc\\u0000\\u007f"),
        ("é\x9b31m\u202e\u200b", "é\\u009b31m\\u202e\\u200b"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\udb40\\udc41"),
    ],
)
def test_what_is_not_for_reading_is_an_escape(text, shown):
    assert printable(text) == shown


def test_a_number_without_a_json_form_is_refused():
    with pytest.raises(ValueError):
        json_text(float("nan"), stream=UTF8)
