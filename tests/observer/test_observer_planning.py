"""The observer's chore of work windows: when it looks, who does it, and what it says when a plan cannot be read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from fannel.directory.directory import Device, Directory
from fannel.incidents.store import Store, StoreError
from fannel.intake.counters import Counters
from fannel.observer.planning import LEASE_S, READ_EVERY_S, Planning
from fannel.windows.gather import Reach, Sources

NOW = datetime(2026, 11, 26, tzinfo=UTC)
SWAP = "windows: [{name: swap, match: [host=rt1], from: 2026-12-01, until: 2026-12-02}]\n"
DIRECTORY = Directory([Device("rt1.example.net", 1, ())], loaded_at=0)


class Site:
    """A folder of work windows, and replicas that look at it; `clock` is what they go by."""

    def __init__(self, tmp_path):
        self.folder = tmp_path / "silences"
        self.folder.mkdir()
        self.calendar = tmp_path / "work.ics"
        self.store = Store.open(f"sqlite:///{tmp_path}/fannel.sqlite3")
        self.directory = DIRECTORY
        self.clock = 1000.0

    def replica(self, **calendars):
        reach = Reach(self.folder, calendars, ZoneInfo("UTC"), timedelta(days=7), timedelta(days=14))
        counters = Counters()
        made = Planning(
            Sources(reach),
            self.store,
            lambda: self.directory,
            counters,
            self.now,
            fetch_every_s=300.0,
            clock=lambda: self.clock,
        )
        made.counters = counters
        return made

    def now(self):
        return NOW + timedelta(seconds=self.clock)

    def write(self, text=SWAP):
        (self.folder / "core.yml").write_text(text)

    def silences(self):
        return [(one.origin, str(one.scopes[0][0])) for one in self.store.silences.current(self.now())]


@pytest.fixture
def site(tmp_path):
    made = Site(tmp_path)
    yield made
    made.store.close()


def test_a_window_in_a_file_is_a_silence_at_the_first_look(site):
    site.write()
    planning = site.replica()
    planning()
    assert site.silences() == [("file:swap", "host=rt1.example.net")]
    assert planning.counters.get("windows", "planned") == 1
    assert planning.vital().detail == "1 planned"


def test_it_looks_again_after_half_a_minute_and_not_before(site):
    planning = site.replica()
    planning()
    site.write()
    planning()
    assert site.silences() == []
    site.clock += READ_EVERY_S
    planning()
    assert len(site.silences()) == 1


def test_until_pagoda_was_read_it_waits(site):
    site.write()
    site.directory = Directory()
    planning = site.replica()
    planning()
    assert site.silences() == []
    site.directory = DIRECTORY
    planning()
    assert len(site.silences()) == 1


def test_one_replica_does_it_until_it_is_gone(site):
    site.write()
    first, second = site.replica(), site.replica()
    first()
    site.write("windows: []\n")
    second()
    assert len(site.silences()) == 1
    site.clock += READ_EVERY_S
    first()
    assert site.silences() == []
    site.write(SWAP.replace("2026-12-02", "2026-12-03"))
    site.clock += LEASE_S + 1
    second()
    assert len(site.silences()) == 1


def test_what_was_read_for_so_long_that_another_replica_took_over_is_not_kept(site, monkeypatch):
    site.write()
    first, second = site.replica(), site.replica()
    read = first._sources.read

    def slowly(now, places):
        found = read(now, places)
        site.clock += LEASE_S + 1
        site.write("windows: []\n")
        second()
        return found

    monkeypatch.setattr(first._sources, "read", slowly)
    first()
    assert site.silences() == []
    assert second.vital().detail == "0 planned"


def test_a_mistake_leaves_what_is_known_and_health_says_where_it_is(site):
    site.write()
    planning = site.replica()
    planning()
    site.write("windows: 5\n")
    site.clock += READ_EVERY_S
    planning()
    assert len(site.silences()) == 1
    assert planning.vital().ok
    assert "degraded" in planning.vital().detail
    assert "core.yml:1: windows: 5 will not do here" in planning.vital().detail
    assert planning.counters.get("window_errors") == 1


def test_a_calendar_that_is_away_is_said_and_asked_again_at_its_own_pace(site):
    planning = site.replica(x=str(site.calendar))
    planning()
    assert "calendar x cannot be read" in planning.vital().detail
    site.calendar.write_bytes(b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nEND:VCALENDAR\r\n")
    site.clock += READ_EVERY_S
    planning()
    assert "degraded" in planning.vital().detail
    site.clock += 300
    planning()
    assert planning.vital().detail == "0 planned"


def test_a_database_that_is_away_is_tried_again_at_the_next_tick(site):
    site.write()
    planning = site.replica()
    kept, planning._store = planning._store, Away()
    planning()
    assert planning.counters.get("store_errors") == 1
    planning._store = kept
    planning()
    assert len(site.silences()) == 1


def test_where_nothing_is_planned_it_does_nothing(site):
    site.folder.rmdir()
    planning = site.replica()
    planning._store = Away()
    planning()
    assert planning.counters.get("store_errors") == 0
    assert planning.vital().ok


class Away:
    @property
    def leases(self):
        raise StoreError("away")
