import pytest
from hypothesis import given
from hypothesis import strategies as st

from fannel.checks.screen import clean


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain\n\tindented\n", "plain\n\tindented\n"),
        ("dos\r\nlines\rhere", "dos\nlines\nhere"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07rest", "rest"),
        ("\x1b]0;title\x1b\\rest", "rest"),
        ("\x1b[?1h\x1b=keypad", "keypad"),
        ("one\n --More-- " + "\b" * 10 + " " * 10 + "\b" * 10 + "two", "one\ntwo"),
        ("nul\x00 bell\x07 del\x7f c1\x9b", "nul bell del c1"),
    ],
)
def test_what_a_terminal_obeys_should_go_and_what_a_person_reads_should_stay(text, expected):
    assert clean(text) == expected


def test_a_cut_should_be_at_a_line_and_said():
    assert clean("one\ntwo\nthree\n", limit=9) == "one\ntwo\n[cut: 14 characters in all]\n"


@given(st.text())
def test_no_control_character_should_be_left(text):
    left = set(clean(text)) - {"\n", "\t"}
    assert not any(ord(char) < 0x20 or 0x7F <= ord(char) <= 0x9F for char in left)


@given(st.text())
def test_cleaning_twice_should_change_nothing(text):
    assert clean(clean(text)) == clean(text)
