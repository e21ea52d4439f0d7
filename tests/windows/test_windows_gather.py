"""What is planned of all files and calendars together, and what holds while one of them cannot be read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from fannel.directory.directory import Device, Directory, Interface
from fannel.windows.gather import Reach, Sources
from fannel.windows.places import Places

CORPUS = Path(__file__).parents[1] / "corpus" / "calendars"
NOW = datetime(2026, 11, 26, tzinfo=UTC)
PLACES = Places(
    Directory([Device("rt1.example.net", 1, ())], {1: [Interface("Gi0/1", circuit="CID-77")]}, loaded_at=0),
)
RULES = "titles: [{title: 'Circuit (?P<circuit>\\S+)', by: circuit}]\n"


@pytest.fixture
def site(tmp_path):
    folder = tmp_path / "silences"
    folder.mkdir()
    (folder / "rules.yml").write_text(RULES)
    calendar = tmp_path / "work.ics"
    calendar.write_bytes((CORPUS / "recurring.ics").read_bytes())
    reach = Reach(folder, {"x": str(calendar)}, ZoneInfo("Asia/Tokyo"), timedelta(days=7), timedelta(days=30))
    return folder, calendar, Sources(reach)


def read(sources, fetch=True):
    if fetch:
        sources.fetch(NOW)
    return sources.read(NOW, PLACES)


def test_titles_become_windows_of_pagodas_interfaces(site):
    found = read(site[2])
    assert found.families == {"file:", "ics:x"}
    assert [(one.origin, one.reason, one.author) for one in found.windows] == [
        ("ics:x/weekly@provider.example/20261206T130000Z", "Circuit CID-77 moved", "ics:x"),
        ("ics:x/weekly@provider.example/20261213T130000Z", "Circuit CID-77 weekly", "ics:x"),
    ]
    assert [str(one) for one in found.windows[0].scopes[0]] == ["host=rt1.example.net", "interface=Gi0/1"]


def test_what_means_nothing_is_said_with_its_title(site):
    site[1].write_bytes((CORPUS / "status.ics").read_bytes())
    (site[0] / "rules.yml").write_text("titles: [{title: maybe, match: [host=rt1]}, {title: 'off', ignore: true}]")
    assert [(one.title, one.why) for one in read(site[2]).left] == [
        ("maybe", "it is tentative: what is not confirmed silences nothing"),
        ("sure", "no rule under 'titles' is for it"),
    ]


def test_an_entry_that_lasts_too_long_silences_nothing(site):
    times = b"DTSTART:20261201T000000Z\r\nDTEND:20261209T000000Z\r\n"
    long = b"BEGIN:VEVENT\r\nUID:long@x\r\n" + times + b"SUMMARY:Circuit CID-77\r\nEND:VEVENT\r\n"
    site[1].write_bytes((CORPUS / "recurring.ics").read_bytes().replace(b"END:VCALENDAR", long + b"END:VCALENDAR"))
    assert [one.why for one in read(site[2]).left] == ["it lasts longer than 7 days (silences.longest_days)"]


def test_a_calendar_that_cannot_be_had_leaves_its_family_alone(site):
    read(site[2])
    site[1].unlink()
    found = read(site[2])
    assert found.families == {"file:"}
    assert found.troubles == ["calendar x cannot be read: No such file or directory"]


def test_a_mistake_in_a_file_leaves_files_alone_and_the_rules_that_were(site):
    before = read(site[2])
    (site[0] / "rules.yml").write_text("titles: 5")
    found = read(site[2])
    assert found.families == {"ics:x"}
    assert found.windows == before.windows
    assert "rules.yml:1: titles: 5 will not do here" in found.troubles[0]
    (site[0] / "rules.yml").write_text(RULES)
    assert read(site[2]).families == {"file:", "ics:x"}


def test_until_the_rules_could_be_read_once_no_calendar_is(site):
    (site[0] / "rules.yml").write_text("titles: 5")
    assert read(site[2]).families == set()


def test_without_a_folder_calendars_mean_nothing_and_that_is_said(site):
    (site[0] / "rules.yml").unlink()
    site[0].rmdir()
    found = read(site[2])
    assert found.families == set()
    assert "no such folder" in found.troubles[0]


def test_a_change_of_a_file_is_seen_without_fetching(site):
    read(site[2])
    (site[0] / "more.yml").write_text("windows: [{name: x, match: [host=rt1], from: 2026-12-01, until: 2026-12-02}]")
    assert "file:x" in [one.origin for one in read(site[2], fetch=False).windows]


def test_a_host_that_pagoda_does_not_know_is_said_once_and_silenced_as_written(site):
    (site[0] / "more.yml").write_text("windows: [{name: x, match: [host=rt9], every: {at: '02:00', for: 1h}}]")
    found = read(site[2])
    assert found.notes == ["file:more.yml: pagoda has no host rt9"]
    assert sum(one.origin.startswith("file:x/") for one in found.windows) == 30


def test_without_a_list_of_hosts_none_is_said_to_be_unknown(site):
    (site[0] / "more.yml").write_text("windows: [{name: x, match: [host=rt9], every: {at: '02:00', for: 1h}}]")
    assert site[2].read(NOW, Places(Directory())).notes == []
