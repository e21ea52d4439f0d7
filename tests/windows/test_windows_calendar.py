"""Calendars: what iCalendar says, and what cannot be had, is too much, or is no calendar at all."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from fannel.windows import calendar
from fannel.windows.calendar import Calendar, CalendarError, entries_of

CORPUS = Path(__file__).parents[1] / "corpus" / "calendars"
NOW = datetime(2026, 11, 26, tzinfo=UTC)


def entries(name, days=30, zone="Asia/Tokyo"):
    return entries_of((CORPUS / name).read_bytes(), NOW, NOW + timedelta(days=days), zone)


def times(found):
    return {one.key: (one.title, f"{one.starts_at:%m-%dT%H:%M}", f"{one.ends_at:%m-%dT%H:%M}") for one in found.entries}


def test_recurrences_moved_cancelled_and_left_out_instances_come_as_they_are_meant():
    assert times(entries("recurring.ics")) == {
        # The 29th is left out (EXDATE), the 20th of December is cancelled.
        "weekly@provider.example/20261206T130000Z": ("Circuit CID-77 moved", "12-07T14:00", "12-07T18:00"),
        "weekly@provider.example/20261213T130000Z": ("Circuit CID-77 weekly", "12-13T13:00", "12-13T17:00"),
    }


def test_whole_days_and_times_without_a_zone_are_in_the_zone_of_the_calendar_or_else_of_the_site():
    assert times(entries("zones.ics")) == {
        "day@x": ("a day", "11-27T15:00", "11-28T15:00"),
        "floating@x": ("floating", "11-28T01:00", "11-28T03:00"),
        "utc@x": ("utc", "11-28T10:00", "11-28T12:00"),
        "windows@x": ("a zone of its own", "11-28T21:00", "11-28T22:00"),
    }
    assert times(entries("zones.ics", zone="UTC"))["day@x"] == ("a day", "11-28T00:00", "11-29T00:00")
    assert times(entries("own_zone.ics", zone="UTC"))["day@x"] == ("a day", "11-27T15:00", "11-28T15:00")


def test_of_two_versions_the_later_one_counts():
    assert times(entries("versions.ics")) == {"work@x": ("later", "11-28T12:00", "11-28T13:00")}


def test_what_is_cancelled_is_not_there_and_what_is_tentative_says_so():
    assert [(one.key, one.tentative) for one in entries("status.ics").entries] == [("maybe@x", True), ("sure@x", False)]
    assert entries("cancel.ics").entries == ()


def test_a_provider_may_list_the_circuits_and_say_how_it_stands():
    found = {one.key: (one.circuits, one.tentative) for one in entries("maintnote.ics").entries}
    assert found == {
        "two@x": (("CID-77", "CID-78"), False),
        "one@x": (("CID-77",), True),
        "none@x": ((), False),
    }


def test_the_organiser_is_the_author():
    assert [one.organiser for one in entries("status.ics").entries] == ["noc@provider.example", "Provider NOC"]


def test_what_cannot_be_relied_on_is_left_out_and_said():
    found = entries("doubtful.ics")
    assert [one.key for one in found.entries] == ["good@x"]
    assert sorted(found.problems) == [
        "'bad rule': its RRULE cannot be read",
        "'bad start': its DTSTART cannot be read",
        "'mars': its time zone is unknown: Mars/Olympus",
        "'no end': has no end",
        "'no name': has no UID",
    ]


def test_what_cannot_be_seen_is_taken_out_of_titles_and_names():
    data = (CORPUS / "zones.ics").read_bytes().replace(b"UID:utc@x", b"UID:utc\0@x")
    found = entries_of(
        data.replace(b"SUMMARY:utc", "SUMMARY:u\0t\u202ec\x07".encode()), NOW, NOW + timedelta(days=30), "UTC"
    )
    assert ("utc @x", "u t c") in {(one.key, one.title) for one in found.entries}


@pytest.mark.parametrize("data", [b"", b"<html>log in</html>", b"BEGIN:VCALENDAR\r\n", b"\0\xff" * 1000])
def test_what_is_no_calendar_is_said(data):
    with pytest.raises(CalendarError, match="is no iCalendar file"):
        entries_of(data, NOW, NOW + timedelta(days=14), "UTC")


def test_a_rule_that_never_comes_to_an_end_does(monkeypatch):
    monkeypatch.setattr(calendar, "CPU_S", 1)
    rule = (
        "BEGIN:VEVENT\r\nUID:{}\r\nDTSTART:19700101T000000Z\r\nDURATION:PT1S\r\nRRULE:FREQ=SECONDLY\r\nEND:VEVENT\r\n"
    )
    text = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n" + "".join(map(rule.format, range(50))) + "END:VCALENDAR\r\n"
    with pytest.raises(CalendarError, match=r"never comes to an end|more than 2,000 entries"):
        entries_of(text.encode(), NOW, NOW + timedelta(days=14), "UTC")


# --- how it is fetched -----------------------------------------------------------------------------------------------

CALENDAR = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nEND:VCALENDAR\r\n"


@contextmanager
def serving(answer):
    """A web server whose GET is `answer(handler)`; yields its address and the requests' headers."""
    seen = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append((self.path, dict(self.headers)))
            answer(self)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/private-abc123/basic.ics", seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def reply(handler, status=200, body=b"", **headers):
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def test_what_did_not_change_is_not_fetched_again():
    def answer(handler):
        if handler.headers.get("If-None-Match") == '"1"':
            reply(handler, 304)
        else:
            reply(handler, body=CALENDAR, ETag='"1"')

    with serving(answer) as (address, seen):
        one = Calendar(address)
        assert [one.text(), one.text()] == [CALENDAR, CALENDAR]
        assert "If-None-Match" not in seen[0][1]
        assert seen[1][1]["If-None-Match"] == '"1"'


def test_a_redirect_is_followed_to_the_web_only():
    def answer(handler):
        if handler.path == "/there.ics":
            reply(handler, body=CALENDAR)
        else:
            reply(handler, 302, Location="/there.ics")

    with serving(answer) as (address, _):
        assert Calendar(address).text() == CALENDAR


def test_a_redirect_to_a_file_is_not(tmp_path):
    (tmp_path / "x").write_bytes(CALENDAR)
    with (
        serving(lambda handler: reply(handler, 302, Location=(tmp_path / "x").as_uri())) as (address, _),
        pytest.raises(CalendarError, match="redirects to what is not HTTPS"),
    ):
        Calendar(address).text()


def test_nor_is_one_from_https_to_http():
    with pytest.raises(CalendarError, match="redirects to what is not HTTPS"):
        calendar._redirected("https://example.net/a.ics", "http://example.net/a.ics")
    assert calendar._redirected("http://example.net/a.ics", "/b.ics") == "http://example.net/b.ics"


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (lambda handler: reply(handler, 500), "answers with status 500"),
        (lambda handler: reply(handler, 304), "answers with status 304"),
        (lambda handler: reply(handler, 302, Location=handler.path), "redirects more than 3 times"),
        (lambda handler: reply(handler, body=b"x" * 2000), "is larger than 1,000 octets"),
        (lambda handler: handler.wfile.write(b"what?\r\n\r\n"), "cannot be reached"),
    ],
)
def test_what_cannot_be_had_is_said_without_its_address(answer, why, monkeypatch):
    monkeypatch.setattr(calendar, "LARGEST_OCTETS", 1000)
    with serving(answer) as (address, _), pytest.raises(CalendarError, match=why) as caught:
        Calendar(address).text()
    assert "private-abc123" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_server_that_says_nothing_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(calendar, "_TIMEOUT_S", 0.2)
    done = threading.Event()
    with serving(lambda _: done.wait(10)) as (address, _):
        with pytest.raises(CalendarError, match=r"no answer within 0\.2 s"):
            Calendar(address).text()
        done.set()


def test_a_file_is_read_and_one_that_is_not_there_said(tmp_path):
    file = tmp_path / "work.ics"
    with pytest.raises(CalendarError, match="cannot be read: No such file"):
        Calendar(str(file)).text()
    file.write_bytes(CALENDAR)
    assert Calendar(str(file)).text() == CALENDAR
