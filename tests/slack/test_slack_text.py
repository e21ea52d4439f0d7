"""Text that fits a phone and says nothing but itself."""

import unicodedata
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fannel.slack import blocks, text

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
JAPAN = "\U0001f1ef\U0001f1f5"
# Whatever a device may send, lone surrogates included.
anything = st.text(st.characters(codec=None), max_size=400)


# --- one line -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given_text", "shown"),
    [
        ("a\r\nb\tc", "a b c"),
        ("bell\x07 and \x1b[31mred\x1b[0m", "bell and red"),
        ("\u202egnirts", "\ufffdgnirts"),
        ("half \ud83d pair", "half \ufffd pair"),
        ("line\u2028separator", "line separator"),
        ("  10G to  rt-osa-01 ", "10G to rt-osa-01"),
    ],
)
def test_one_line_keeps_what_can_be_read(given_text, shown):
    assert text.one_line(given_text) == shown


@given(anything)
def test_one_line_is_one_line_that_utf8_can_carry(value):
    line = text.one_line(value)
    assert "\n" not in line
    assert not any(unicodedata.category(char) == "Cc" for char in line)
    line.encode()


# --- cutting ------------------------------------------------------------------------------------------------------


def test_cut_leaves_short_text_alone():
    assert text.cut("Gi0/1", 5) == "Gi0/1"


def test_cut_says_that_something_is_missing():
    assert text.cut("GigabitEthernet", 8) == "Gigabit…"


@pytest.mark.parametrize("whole", [FAMILY, JAPAN, "e\u0301", "\U0001f44d\U0001f3fd", "\u0915\u093f"])
def test_cut_never_splits_what_is_read_as_one_character(whole):
    for length in range(1, 12):
        cut = text.cut("ab" + whole + "cd", length)
        assert cut.rstrip("…") in {"", "a", "ab", "ab" + whole, "ab" + whole + "c", "ab" + whole + "cd"}


def test_marks_stacked_on_one_letter_are_limited():
    assert len("".join(text.clusters("a" + "\u0301" * 10_000))) == 10


@given(anything, st.integers(1, 60))
def test_cut_keeps_its_bound(value, length):
    assert len(text.cut(value, length)) <= length


# --- mark-up ------------------------------------------------------------------------------------------------------


def test_escape_writes_slacks_three_characters():
    assert text.escape("a < b && b > c") == "a &lt; b &amp;&amp; b &gt; c"


@pytest.mark.parametrize(
    "hostile",
    [
        "<!channel> <!here|x> <@U0OPERATOR> <#C1>",
        "<https://evil.example|click>",
        "*bold* _italic_ ~gone~ `code` ```block```",
        "a\n> quoted\n• list",
        ":rotating_light: :100:",
    ],
)
def test_prose_cannot_format_link_or_call(hostile):
    shown = text.prose(hostile, 200)
    assert not set("<>*~`\n") & set(shown)
    assert not text._EMOJI_NAME.search(shown)
    assert " _" not in shown
    assert "_ " not in shown


def test_prose_keeps_the_underscores_of_a_name():
    assert text.prose("to_rt_osa_01", 40) == "to_rt_osa_01"


def test_prose_keeps_what_a_description_usually_says():
    assert text.prose("10G to rt-osa-01 (CKT-0001) #2, 95%", 80) == "10G to rt-osa-01 (CKT-0001) #2, 95%"


def test_prose_keeps_times_of_day():
    assert text.prose("last flapped 16:00:07", 40) == "last flapped 16:00:07"


def test_a_backtick_cannot_end_a_code_span():
    assert text.code("Gi0/1` <!channel> `", 40) == "`Gi0/1ʼ &lt;!channel&gt; ʼ`"


def test_an_empty_code_span_is_a_dash():
    assert text.code(" \n", 40) == "`-`"


@given(anything)
def test_marked_up_text_holds_no_bracket_and_no_loose_ampersand(value):
    for shown in (text.prose(value, 80), text.code(value, 80)):
        assert "<" not in shown
        assert ">" not in shown
        assert "&" not in shown.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "")


# --- push ---------------------------------------------------------------------------------------------------------


def test_push_leaves_out_what_is_empty():
    assert text.push("🔴", "linkDown", "", None, "rt-tyo-01 Gi0/1") == "🔴 linkDown rt-tyo-01 Gi0/1"


def test_push_cuts_the_least_important_end():
    shown = text.push("🔴 linkDown rt-tyo-01 Gi0/1", "x" * 500)
    assert shown.startswith("🔴 linkDown rt-tyo-01 Gi0/1 xxx")
    assert len(shown) == text.PUSH_LENGTH


def test_push_never_cuts_an_entity_in_half():
    shown = text.push("&" * 500)
    assert shown == "&amp;" * 29 + "…"


@given(anything)
def test_push_is_bounded_as_sent(value):
    assert len(text.push(value, value)) <= text.PUSH_LENGTH


# --- preformatted -------------------------------------------------------------------------------------------------


def test_wrap_breaks_at_a_space_and_indents_what_continues():
    line = "GigabitEthernet0/1 is down, line protocol is down (notconnect)"
    assert text.wrap(line) == ["GigabitEthernet0/1 is down, line protocol", "  is down (notconnect)"]


def test_wrap_keeps_the_indentation_of_the_line():
    assert text.wrap("   0 input errors, 0 CRC, 0 frame, 0 overrun, 0 ignored") == [
        "   0 input errors, 0 CRC, 0 frame, 0",
        "     overrun, 0 ignored",
    ]


def test_wrap_breaks_a_word_that_is_longer_than_a_line():
    assert text.wrap("x" * 50) == ["x" * 42, "  " + "x" * 8]


def test_wide_characters_take_two_columns():
    assert text.wrap("回線" * 11) == ["回線" * 10 + "回", "  線"]


@given(anything)
def test_wrapped_lines_fit_and_lose_nothing_but_space(value):
    for line in text.lines(value):
        wrapped = text.wrap(line)
        assert all(len(piece) <= 42 for piece in wrapped)
        assert "".join("".join(wrapped).split()) == "".join("".join(text.clusters(line)).split())


def test_lines_drops_terminal_codes_and_outer_blank_lines():
    assert text.lines("\r\n\x1b[1mshow\x1b[0m ver\r\n a\tb  \n\n") == ["show ver", " a      b"]


# --- time ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0s"), (8, "8s"), (59.6, "1m00s"), (252, "4m12s"), (3780, "1h03m"), (187_200, "2d04h"), (-5, "0s")],
)
def test_durations_read_as_said(seconds, shown):
    assert text.duration(seconds) == shown


def test_when_is_the_readers_time_with_the_sites_as_fallback():
    moment = datetime(2026, 11, 22, 7, 0, 7, tzinfo=UTC)
    assert text.when(moment, ZoneInfo("Asia/Tokyo")) == (
        "<!date^1795330807^{date_short_pretty} {time_secs}|2026-11-22 16:00:07 JST>"
    )


def test_clock_is_the_time_of_day():
    moment = datetime(2026, 11, 22, 7, 0, 7, tzinfo=UTC)
    assert text.clock(moment, ZoneInfo("Asia/Tokyo")) == "<!date^1795330807^{time_secs}|16:00:07>"


# --- long lists ----------------------------------------------------------------------------------------------------


def test_a_list_takes_as_few_paragraphs_as_hold_it():
    assert [one["text"]["text"] for one in blocks.sections("a", "", "b")] == ["a\nb"]
    assert blocks.sections("", "") == []
    many = blocks.sections(*["&amp;" * 110] * 12)
    assert len(many) == 3
    assert all(len(one["text"]["text"]) <= 3000 for one in many)
    assert len(blocks.sections(*["🔴" * 700] * 4)) == 2
