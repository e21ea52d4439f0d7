"""When a syslog timestamp lacks its year or its zone, what instant it means."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fannel.wire.syslog_time import AMBIGUOUS, UNAMBIGUOUS, Clock, read_stamp

JST = timezone(timedelta(hours=9), "JST")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

needs_tz_database = pytest.mark.skipif(not available_timezones(), reason="this machine has no tz database")


def instant(text, received="2026-11-14T08:31:00+09:00", zone=JST, zones=None):
    stamp = read_stamp(text, 0, Clock(datetime.fromisoformat(received), zone, zones or {}))
    assert stamp is not None, f"{text!r} is not read as a timestamp"
    return stamp.at.isoformat() if stamp.at else None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Nov 14 08:30:56", "2026-11-14T08:30:56+09:00"),
        ("Nov  4 08:30:56", "2026-11-04T08:30:56+09:00"),
        ("Nov 4 08:30:56", "2026-11-04T08:30:56+09:00"),
        ("Nov 14 08:30:56.699", "2026-11-14T08:30:56.699000+09:00"),
        ("Nov 14 2025 08:30:56", "2025-11-14T08:30:56+09:00"),
        ("2025 Nov 14 08:30:56", "2025-11-14T08:30:56+09:00"),
        ("Nov 14 08:30:56.401 2025", "2025-11-14T08:30:56.401000+09:00"),
        ("*Nov 14 08:30:56", "2026-11-14T08:30:56+09:00"),
        ("2026-11-14T08:30:56Z", "2026-11-14T08:30:56+00:00"),
        ("2026-11-14T08:30:56.123456789-03:30", "2026-11-14T08:30:56.123456-03:30"),
        ("2026-11-14T08:30:56,5+0530", "2026-11-14T08:30:56.500000+05:30"),
        ("2026/11/14 08:30:56", "2026-11-14T08:30:56+09:00"),
        ("Nov 14 2026 08:30:56-08:00", "2026-11-14T08:30:56-08:00"),
        ("Dec 31 23:59:60 2016", "2016-12-31T23:59:59+09:00"),
    ],
)
def test_every_way_of_writing_a_time_is_read(text, expected):
    assert instant(text) == expected


@pytest.mark.parametrize("text", ["Feb 30 08:30:56", "Nov 14 25:30:56", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_when_no_calendar_has_the_reading_it_should_keep_the_text_and_name_no_instant(text):
    stamp = read_stamp(text, 0, Clock(datetime(2026, 11, 14, tzinfo=UTC), UTC))
    assert stamp is not None
    assert (stamp.text, stamp.at) == (text, None)


@pytest.mark.parametrize("text", ["1w2d: ", "00:00:46: ", "*5d03h: ", "123:04:05.678: "])
def test_an_uptime_is_a_timestamp_that_names_no_instant(text):
    stamp = read_stamp(text, 0, Clock(datetime(2026, 11, 14, tzinfo=UTC), UTC))
    assert stamp is not None
    assert (stamp.text, stamp.at, stamp.end) == (text[:-2], None, len(text))


@pytest.mark.parametrize(
    "text", ["", "Nov", "November 14 08:30:56", "Nov 14", "14:30", "2026-11-14", "nov 14 08:30:56"]
)
def test_what_is_no_timestamp_should_not_be_read_as_one(text):
    assert read_stamp(text, 0, Clock(datetime(2026, 11, 14, tzinfo=UTC), UTC)) is None


@pytest.mark.parametrize(
    ("text", "received", "expected"),
    [
        ("Dec 31 23:59:58", "2027-01-01T00:00:03+09:00", "2026-12-31T23:59:58+09:00"),
        ("Jan  1 00:00:02", "2026-12-31T23:59:59+09:00", "2027-01-01T00:00:02+09:00"),
        ("Nov 14 08:30:56", "2026-05-16T08:30:56+09:00", "2026-11-14T08:30:56+09:00"),
        ("Nov 14 08:30:56", "2026-05-14T08:30:56+09:00", "2025-11-14T08:30:56+09:00"),
        ("Feb 29 12:00:00", "2027-03-01T00:00:00+09:00", "2028-02-29T12:00:00+09:00"),
        ("Feb 29 12:00:00", "2025-03-01T00:00:00+09:00", "2024-02-29T12:00:00+09:00"),
        ("Feb 29 12:00:00", "2100-03-01T00:00:00+09:00", "2096-02-29T12:00:00+09:00"),
    ],
)
def test_when_the_year_is_missing_it_should_be_the_nearest_to_the_receipt(text, received, expected):
    assert instant(text, received) == expected


@given(
    received=st.integers(366, 84000).map(lambda days: datetime(1970, 1, 1, 12, 34, 56, tzinfo=UTC) + timedelta(days)),
    skew=st.timedeltas(timedelta(days=-181), timedelta(days=181)),
)
def test_when_a_clock_is_wrong_by_less_than_half_a_year_the_year_is_still_right(received, skew):
    sent = (received + skew).replace(microsecond=0)
    text = f"{MONTHS[sent.month - 1]} {sent.day:2} {sent:%H:%M:%S}"
    if (sent.month, sent.day) != (2, 29):
        assert instant(text, received.isoformat(), zone=UTC) == sent.isoformat()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Nov 14 08:30:56 UTC: ", "2026-11-14T08:30:56+00:00"),
        ("Nov 14 08:30:56 CET: ", "2026-11-14T08:30:56+01:00"),
        ("Nov 14 08:30:56 JST leaf1", "2026-11-14T08:30:56+09:00"),
        ("Nov 14 08:30:56 JST : ifmgr", "2026-11-14T08:30:56+09:00"),
        ("Nov 14 08:30:56 +06: ifmgr", "2026-11-14T08:30:56+06:00"),
    ],
)
def test_when_an_abbreviation_means_one_zone_it_should_be_that_zone(text, expected):
    assert instant(text, zone=timezone(timedelta(hours=-8))) == expected


@pytest.mark.parametrize("name", ["CST", "IST", "NewYork", "TOKYO"])
def test_when_an_abbreviation_means_several_zones_or_none_it_should_be_the_given_zone(name):
    text = f"*Nov 14 08:30:56.699 {name}: %LINK-3-UPDOWN"
    assert instant(text) == "2026-11-14T08:30:56.699000+09:00"


def test_when_an_abbreviation_is_configured_it_should_be_the_configured_zone():
    zones = {"CST": timezone(timedelta(hours=8)), "JST": UTC}
    assert instant("Nov 14 08:30:56 CST: %LINK-3-UPDOWN", zones=zones) == "2026-11-14T08:30:56+08:00"
    assert instant("Nov 14 08:30:56 JST: %LINK-3-UPDOWN", zones=zones) == "2026-11-14T08:30:56+00:00"


def test_a_program_in_the_place_of_a_zone_should_stay_a_program():
    stamp = read_stamp(
        "Nov 14 08:30:56 Ebra: %LINEPROTO-5-UPDOWN: text", 0, Clock(datetime(2026, 11, 14, tzinfo=UTC), UTC)
    )
    assert stamp is not None
    assert (stamp.text, stamp.colon) == ("Nov 14 08:30:56", False)


@needs_tz_database
@pytest.mark.parametrize(
    ("received", "offset"), [("2026-10-25T00:59:30+00:00", "+02:00"), ("2026-10-25T01:59:30+00:00", "+01:00")]
)
@pytest.mark.parametrize("written_in", ["UTC", "Europe/Berlin"])
def test_when_an_hour_comes_twice_it_should_be_the_one_nearest_to_the_receipt(received, offset, written_in):
    received_at = datetime.fromisoformat(received).astimezone(ZoneInfo(written_in))
    stamp = read_stamp("Oct 25 02:59:00", 0, Clock(received_at, ZoneInfo("Europe/Berlin")))
    assert stamp is not None
    assert stamp.at is not None
    assert stamp.at.isoformat() == f"2026-10-25T02:59:00{offset}"


@needs_tz_database
def test_the_table_of_abbreviations_agrees_with_the_tz_database():
    offsets: dict[str, set[int]] = {}
    for name in available_timezones():
        if "/" not in name or name.startswith("Etc/"):
            continue
        for month in (1, 7):
            local = datetime(2025, month, 15, 12, tzinfo=UTC).astimezone(ZoneInfo(name))
            if local.tzname() in UNAMBIGUOUS or local.tzname() in AMBIGUOUS:
                offsets.setdefault(local.tzname(), set()).add(int(local.utcoffset().total_seconds()) // 60)
    assert {name: found for name, found in offsets.items() if found != {UNAMBIGUOUS.get(name)}}.keys() == AMBIGUOUS
    assert UNAMBIGUOUS.keys() - offsets.keys() == {"UTC"}
