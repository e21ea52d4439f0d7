"""What must hold for any syslog line: nothing raises, no text is lost, no line is slow."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fannel.wire.syslog import FACILITIES, SEVERITIES, parse

NOW = datetime(2026, 11, 14, 8, 31, tzinfo=UTC)
CORPUS = Path(__file__).parents[1] / "corpus" / "syslog"
LINES = [path.read_bytes() for path in sorted(CORPUS.rglob("*.txt"))]


def read(line):
    return parse(line, received_at=NOW, zone=UTC)


# --- any line -----------------------------------------------------------------------------------------------------

# Pieces that headers are made of, in orders no device would choose.
PIECES = st.lists(
    st.sampled_from(
        [
            *("<189>", "<13>", "<999>", "1 ", "521: ", ": ", "*", ".", " ", "- ", "-", "[", "]", '"', "\\", "\ufeff"),
            *(
                "Nov 14 08:30:56",
                "Feb 29 23:59:60.699",
                "2026 ",
                "2026-11-14T08:30:56.1+09:00 ",
                "JST",
                "1w2d: ",
                "+25:99",
            ),
            *("router1: ", "2001:db8::1 ", "RP/0/RP0/CPU0:", "ifmgr[1]: ", "%LINK-3-UPDOWN: ", "%%01IFNET/4/X(l)[12]:"),
            *(
                "SNMP_TRAP_LINK_DOWN: ",
                '[a b="c\\"d"]',
                "[M59KS-A3ZXZ] ",
                "%ADJCHANGE: ",
                "%$ VDC-1 %$ ",
                "\0",
                "\udc80",
            ),
        ]
    )
    | st.text(max_size=8),
    max_size=16,
).map("".join)


@settings(max_examples=400)
@given(st.binary(max_size=300) | PIECES | st.text(max_size=300))
@example(b"")
@example(b"<189>")
@example(b"<1>1 - - - - -")
@example(b"<1>1 - - - - - -")
@example(b"\xef\xbb\xbf\x00 ")
def test_no_line_makes_it_raise_and_its_json_can_be_stored(line):
    message = read(line)
    stored = json.dumps(message.to_json(), ensure_ascii=False).encode("utf-8")
    assert b"\\u0000" not in stored
    assert message.timestamp is None or message.timestamp.utcoffset() is not None


@settings(max_examples=200)
@given(st.sampled_from(LINES), st.data())
def test_no_mutation_of_a_real_line_makes_it_raise(line, data):
    at = data.draw(st.integers(0, len(line)))
    until = data.draw(st.integers(at, min(at + 12, len(line))))
    read(line[:at] + data.draw(st.binary(max_size=12)) + line[until:])


@settings(max_examples=300)
@given(PIECES)
def test_the_text_is_the_end_of_the_line_and_never_more_or_less(line):
    message = read(line)
    shown = line.replace("\0", "\u2400").replace("\udc80", "\ufffd")
    assert message.message.rstrip(" \u2400") in shown
    assert shown.rstrip("\r\n \t\u2400").endswith(message.message.rstrip("\r\n \t\u2400"))


@given(st.sampled_from(LINES))
def test_text_and_bytes_of_a_line_are_the_same_message(line):
    assert read(line) == read(line.decode("utf-8", "replace"))


def test_a_line_that_follows_nothing_is_a_message_with_its_text():
    message = read(b"the uplink is gone\n")
    assert message.to_json() == {"message": "the uplink is gone", "format": "free"}


HOSTILE = {
    "spaces": b" " * 65536,
    "spaces in a header": b"Nov 14 08:30:56" + b" " * 65000 + b"x",
    "counters": b"1: " * 21000,
    "names": b"a: " * 21000,
    "one long name": b"a" * 65535 + b":",
    "colons": b"Nov 14 08:30:56 " + b":" * 65000,
    "nested headers": b"<13>Nov 14 08:30:56 r " * 3000,
    "nested priorities": b"<189>" * 13000,
    "nested RFC 5424": b"<1>1 2026-11-14T08:30:56Z h - - - - " * 1800,
    "elements": b"<1>1 - - - - - " + b"[a]" * 21000,
    "open elements": b"<1>1 - - - - - " + b'[a b="' * 10000,
    "parameters": b"<1>1 - - - - - [a" + b' b="c"' * 10000 + b"]",
    "spaces in an element": b"<1>1 - - - - - [a" + b" " * 65000,
    "escapes": b'<1>1 - - - - - [a b="' + b'\\"' * 32000,
    "backslashes": b'<1>1 - - - - - [a b="' + b"\\" * 65000,
    "closed backslashes": b'<1>1 - - - - - [a b="' + b"\\\\" * 32000 + b'"]',
    "cisco facilities": b"%" + b"A-" * 32000,
    "cisco severities": b"%A-" + b"3-" * 32000,
    "junos tags": b"Nov 14 08:30:56 h a[1]: " + b"A_" * 32000,
    "nodes": b"RP/" * 21000,
    "invalid UTF-8": b"\xff" * 65536,
    "marks": b"\xef\xbb\xbf" * 21000,
    "marks in a header": b"Nov 14 08:30:56 h " + b"\xef\xbb\xbf" * 21000,
    "NUL": b"x" + b"\0" * 65536 + b"x",
    "surrogates": "\ud800" * 65536,
}


@pytest.mark.parametrize("line", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_line_of_64_kb_takes_more_than_50_ms(line):
    def spent():
        before = time.process_time()
        read(line)
        return time.process_time() - before

    assert min(spent() for _ in range(3)) < 0.050


# --- PRI ----------------------------------------------------------------------------------------------------------


def test_every_priority_has_the_facility_and_severity_of_rfc_5427():
    assert (len(FACILITIES), len(SEVERITIES)) == (24, 8)
    for priority in range(192):
        message = read(f"<{priority}>text")
        assert (message.priority, message.message) == (priority, "text")
        assert message.facility == FACILITIES[priority // 8]
        assert message.severity == SEVERITIES[priority % 8]
    assert (read("<34>x").facility, read("<34>x").severity) == ("auth", "crit")


@pytest.mark.parametrize("line", ["<192>text", "<>text", "<-1>text", "<1234>text", "<a>text", "< 13>text", "<13 text"])
def test_what_is_no_priority_should_stay_in_the_text(line):
    message = read(line)
    assert (message.priority, message.severity, message.message) == (None, None, line)


def test_without_a_priority_the_severity_should_be_the_tags():
    assert read("%LINK-3-UPDOWN: text").severity == "err"
    assert read("<190>%LINK-3-UPDOWN: text").severity == "info"


# --- RFC 5424 -----------------------------------------------------------------------------------------------------


def test_nil_values_are_absent():
    message = read("<34>1 - - - - - - text")
    assert message.to_json() == {
        "format": "rfc5424",
        "priority": 34,
        "facility": "auth",
        "severity": "crit",
        "message": "text",
    }


def test_without_a_priority_a_row_of_words_is_not_rfc_5424():
    assert read("1 - a b c d e").format == "free"
    assert read("Nov 14 08:30:56 r1 1 - a b c d e").hostname == "r1"


@pytest.mark.parametrize(
    "data", ["[a b=c] text", '[a b="c" text', '[a b="c"]text', "[] text", "[a", '[a b="c"][ text', "text without data"]
)
def test_structured_data_that_is_broken_should_be_text(data):
    message = read(f"<34>1 2026-11-14T08:30:56Z host app 1 ID {data}")
    assert (message.hostname, message.structured_data, message.message) == ("host", (), data)


def test_a_backslash_that_escapes_nothing_should_stay():
    message = read(r'<34>1 - h a 1 - [x@1 path="C:\temp\\log" raw="a]b"] text')
    assert message.to_json()["structured_data"] == {"x@1": {"path": r"C:\temp\log", "raw": "a]b"}}


def test_a_timestamp_rfc_5424_does_not_allow_should_cost_the_instant_only():
    message = read("<34>1 2026-11-14T08:61:00Z host app 1 ID - text")
    assert (message.timestamp, message.timestamp_text) == (None, "2026-11-14T08:61:00Z")
    assert (message.hostname, message.message) == ("host", "text")


# --- host names ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "host"),
    [
        ("r1", "r1"),
        ("core_sw-1.example.net", "core_sw-1.example.net"),
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::1"),
        ("::1", "::1"),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1%eth0"),
        ("東京-sw1", "東京-sw1"),
    ],
)
def test_a_host_is_a_name_or_an_address(word, host):
    message = read(f"<30>Nov 14 08:30:56 {word} sshd[12]: text")
    assert (message.hostname, message.app_name, message.procid, message.message) == (host, "sshd", "12", "text")


@pytest.mark.parametrize("text", ["(sub) text", '"quoted" text', "last message repeated 3 times", "=== text"])
def test_when_no_word_can_be_a_host_all_of_it_should_be_text(text):
    message = read(f"<30>Nov 14 08:30:56 {text}")
    assert (message.hostname, message.app_name, message.message) == (None, None, text)


# --- relays -------------------------------------------------------------------------------------------------------

DEVICE = "521: router1: *Nov 14 08:30:56.699 JST: %LINK-3-UPDOWN: Interface Gi0/1, changed state to down"
RELAYED = [
    f"<189>Nov 14 08:40:00 relay1 {DEVICE}",
    f"<13>Nov 14 08:40:00 relay1 <189>{DEVICE}",
    f"<189>1 2026-11-14T08:40:00Z relay1 - - - - {DEVICE}",
    f"<189>2026-11-14T08:40:00+00:00 relay1 {DEVICE}",
    f"<189>Nov 14 08:50:00 relay1 Nov 14 08:40:00 relay2 {DEVICE}",
]


@pytest.mark.parametrize("line", RELAYED)
def test_a_relays_header_should_not_hide_the_devices_own(line):
    direct, relayed = read(f"<189>{DEVICE}").to_json(), read(line).to_json()
    assert relayed.pop("relay") == "relay1"
    assert relayed == direct


def test_when_a_device_names_no_host_the_relays_header_should_supply_it():
    message = read("<189>Nov 14 08:40:00 192.0.2.1 521: Nov 14 08:30:56: %LINK-3-UPDOWN: text")
    assert (message.hostname, message.relay, message.sequence) == ("192.0.2.1", None, 521)
    assert message.timestamp == datetime(2026, 11, 14, 8, 30, 56, tzinfo=UTC)


@pytest.mark.parametrize("relay_time", ["Nov 14 08:40:00", "2026-11-14T08:40:00Z", "2026 Nov 14 08:40:00"])
@pytest.mark.parametrize("device_time", ["Nov 14 08:30:56", "2026-11-14T08:30:56Z", "2026 Nov 14 08:30:56"])
def test_when_a_relay_names_no_host_the_devices_date_should_not_be_taken_for_one(relay_time, device_time):
    message = read(f"<189>{relay_time} {device_time} leaf1 Ebra: %LINEPROTO-5-UPDOWN: text")
    assert (message.hostname, message.relay, message.tag) == ("leaf1", None, "LINEPROTO-5-UPDOWN")
    assert message.timestamp == datetime(2026, 11, 14, 8, 30, 56, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-13 23:00:00 backup failed on disk 3",
        "Nov 13 23:00:00 was the last time",
        "521: retries left",
        "<5> items",
    ],
)
def test_a_text_that_only_looks_like_a_header_should_stay_text(text):
    message = read(f"<14>Nov 14 08:30:56 noc1 backup: {text}")
    assert (message.hostname, message.relay, message.message) == ("noc1", None, text)


# --- what the record says -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("mark", "unsynchronised"), [("*", True), (".", True), ("", False)])
def test_a_clock_mark_says_that_the_device_doubts_its_clock(mark, unsynchronised):
    message = read(f"<189>1: {mark}Nov 14 08:30:56: %SYS-5-RESTART: text")
    assert message.clock_unsynchronised is unsynchronised


def test_the_time_of_the_device_should_not_be_mended_by_the_time_of_receipt():
    message = read("<189>1: *Mar  1 1993 00:01:02: %SYS-5-RESTART: text")
    assert message.timestamp == datetime(1993, 3, 1, 0, 1, 2, tzinfo=UTC)


def test_a_configured_zone_should_reach_the_timestamp():
    line = "<189>1: Nov 14 08:30:56 TOKYO: %SYS-5-RESTART: text"
    message = parse(line, received_at=NOW, zone=UTC, zones={"TOKYO": timezone(timedelta(hours=9))})
    assert message.timestamp is not None
    assert message.timestamp.utcoffset() == timedelta(hours=9)


def test_severity_zero_and_sequence_zero_are_values():
    message = read("<184>0: Nov 14 08:30:56: %SYS-0-CPUHOG: text")
    assert (message.severity, message.sequence, message.to_json()["sequence"]) == ("emerg", 0, 0)
