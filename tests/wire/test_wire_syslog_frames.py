"""Lines out of a connection: both framings of RFC 6587, however the network cuts them, and nothing without bound."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fannel.wire.syslog_frames import Frames

lines = st.binary(min_size=1, max_size=60).map(lambda octets: b"<34>" + octets.translate(None, b"\n\0\r"))


def counted(line):
    return b"%d %s" % (len(line), line)


def fed(octets, sizes=(), most=8192):
    """All lines of a connection that brings the octets in pieces of these sizes, and its end."""
    frames, found, sizes = Frames(most), [], list(sizes)
    while octets:
        size = sizes.pop(0) if sizes else len(octets)
        found += frames.feed(octets[:size])
        octets = octets[size:]
    rest = frames.end()
    return found + ([rest] if rest is not None else [])


pieces = st.lists(st.integers(1, 20), max_size=80)


@given(st.lists(lines, max_size=10), pieces)
def test_counted_lines_come_whole_however_they_are_cut(some, sizes):
    assert fed(b"".join(map(counted, some)), sizes) == some


@given(st.lists(lines, max_size=10), pieces, st.sampled_from([b"\n", b"\r\n", b"\0\n"]))
def test_lines_that_end_come_whole_however_they_are_cut(some, sizes, end):
    assert [line.rstrip(b"\0") for line in fed(b"".join(line + end for line in some), sizes)] == some


@given(st.lists(st.tuples(lines, st.booleans()), max_size=10), pieces)
def test_both_may_be_mixed(some, sizes):
    octets = b"".join(counted(line) if is_counted else line + b"\n" for line, is_counted in some)
    assert fed(octets, sizes) == [line for line, _ in some]


def test_nul_ends_a_line_where_another_one_follows():
    assert fed(b"<34>one\0<34>two\0") == [b"<34>one", b"<34>two"]


def test_nul_within_a_line_is_part_of_it():
    assert fed(b"<34>o\0ne\n") == [b"<34>o\0ne"]


def test_a_line_feed_within_a_counted_line_is_part_of_it():
    assert fed(counted(b"<34>one\ntwo") + counted(b"<34>three")) == [b"<34>one\ntwo", b"<34>three"]


def test_a_counted_line_may_be_followed_by_a_line_feed():
    assert fed(counted(b"<34>one") + b"\n" + counted(b"<34>two") + b"\n") == [b"<34>one", b"<34>two"]


def test_a_line_may_begin_with_a_number():
    assert fed(b"2026 Nov 14 08:30:56 something\n404 not found\n") == [
        b"2026 Nov 14 08:30:56 something",
        b"404 not found",
    ]


def test_a_counted_line_need_not_have_a_pri_after_one_that_had():
    assert fed(counted(b"<34>one") + counted(b"two")) == [b"<34>one", b"two"]


def test_a_line_is_there_before_the_next_one_comes():
    frames = Frames(100)
    assert frames.feed(b"<34>one\n") == [b"<34>one"]
    assert frames.feed(counted(b"<34>two")) == [b"<34>two"]
    assert frames.feed(b"<34>three\0") == [b"<34>three"]


@pytest.mark.parametrize(("octets", "left"), [(b"<34>half a li", b"<34>half a li"), (b"20 <34>half", b"<34>half")])
def test_half_a_line_is_kept_at_the_end(octets, left):
    assert fed(octets) == [left]


@pytest.mark.parametrize("octets", [b"", b"\n\r\n\0"])
def test_nothing_is_no_line(octets):
    assert fed(octets) == []


@pytest.mark.parametrize("frame", [counted, lambda line: line + b"\n"], ids=["counted", "ended"])
def test_a_line_that_is_too_long_is_cut_and_the_next_is_whole(frame):
    frames = Frames(10)
    assert frames.feed(frame(b"<34>" + b"x" * 96) + frame(b"<34>next")) == [b"<34>xxxxxx", b"<34>next"]
    assert frames.cut == 1
    assert frames.end() is None


@pytest.mark.parametrize("octets", [b"x", b"1", b"999999999 <", b"\n", b"\0", b"9 "])
def test_memory_is_bounded_whatever_comes(octets):
    frames = Frames(1000)
    for _ in range(200):
        frames.feed(octets * 100)
        assert len(frames) <= 1000 + 100 * len(octets)


def test_a_count_that_leads_astray_costs_no_more_than_it_claims():
    astray = b"30 <34>this is not thirty\n"
    assert fed(astray + counted(b"<34>one") + b"<34>two\n<34>three\n")[-1] == b"<34>three"


@given(st.binary(max_size=500), pieces, st.integers(1, 50))
def test_whatever_comes_no_line_is_empty_or_too_long(octets, sizes, most):
    for line in fed(octets, sizes, most):
        assert 0 < len(line) <= most


@given(st.binary(max_size=300), pieces)
def test_lines_do_not_depend_on_how_the_network_cuts_them_but_for_nul(octets, sizes):
    octets = octets.replace(b"\0", b"0")
    assert fed(octets, sizes) == fed(octets)
