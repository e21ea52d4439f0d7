"""`fannel events …` and `fannel incidents …`, as somebody types them."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from events import NOW, event
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from fannel.cli.app import app
from fannel.cli.moments import moment
from fannel.incidents.store import Post, Store
from fannel.incidents.store.activities import Activity

TOKYO = ZoneInfo("Asia/Tokyo")


def fannel(*arguments):
    return CliRunner().invoke(app, arguments)


@pytest.fixture
def store(tmp_path, monkeypatch):
    """The database that the settings of this folder name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FANNEL_SITE__TIMEZONE", "Asia/Tokyo")
    monkeypatch.setenv("LOGNAME", "yuki")
    opened = Store.open(f"sqlite:///{tmp_path}/var/fannel.sqlite3")
    yield opened
    opened.close()


def record(store, *events):
    return store.record([(one, b"\x30\x82public raw") for one in events])


# --- times ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2h", NOW - timedelta(hours=2)),
        ("3d", NOW - timedelta(days=3)),
        ("1H30m", NOW - timedelta(minutes=90)),
        ("2026-11-22", datetime(2026, 11, 22, tzinfo=TOKYO)),
        ("2026-11-22T16:00", datetime(2026, 11, 22, 16, tzinfo=TOKYO)),
        ("2026-11-22 16:00:30+01:00", datetime(2026, 11, 22, 16, 0, 30, tzinfo=timezone(timedelta(hours=1)))),
    ],
)
def test_a_time_is_a_duration_ago_or_iso_in_the_zone_of_the_site(text, meant):
    assert moment(text, NOW, TOKYO) == meant


@pytest.mark.parametrize("text", ["", "yesterday", "2", "h", "-2h", "٣d", "999999999w", "2026-13-01", "2h "[:0]])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(ValueError, match="meant is 2h"):
        moment(text, NOW, TOKYO)


@given(st.text())
def test_any_text_is_a_time_or_is_refused(text):
    with contextlib.suppress(ValueError):
        assert moment(text, NOW, TOKYO).tzinfo is UTC


def test_a_wrong_time_names_its_option(store):
    done = fannel("events", "list", "--since", "yesterday")
    assert done.exit_code != 0
    assert "--since 'yesterday': not a time" in str(done.exception)


# --- events -----------------------------------------------------------------------------------------------------


def test_events_are_listed_in_the_time_of_the_site(store):
    (recorded,) = record(store, event())
    done = fannel("events", "list")
    assert done.exit_code == 0
    assert done.output.split()[:2] == ["2026-11-22", "16:00:07"]
    assert recorded.id in done.output
    assert recorded.incident["id"] in done.output


def test_the_options_choose(store):
    record(store, *(event(host=f"rt{n}.example.net", at=NOW + timedelta(minutes=n)) for n in range(6)))
    listed = fannel("events", "list", "--host", "rt[1-4]*", "--since", "2026-11-22T16:02", "--limit", "2", "--json")
    found = [one["host"]["name"] for one in json.loads(listed.stdout)["events"]]
    assert found == ["rt3.example.net", "rt4.example.net"]


def test_a_list_that_was_cut_says_so(store):
    record(store, event(), event())
    assert "--limit shows more" in fannel("events", "list", "--limit", "1").output
    assert "--limit" not in fannel("events", "list", "--limit", "3").output


def test_an_event_is_shown_with_its_varbinds_and_on_request_its_octets(store):
    (recorded,) = record(store, event())
    page = fannel("events", "show", recorded.id.lower()).output
    assert "ifAdminStatus = up" in page
    assert "public" not in page
    assert "30 82 70 75 62" in fannel("events", "show", recorded.id, "--raw").output
    shown = json.loads(fannel("events", "show", recorded.id, "--raw", "--json").stdout)
    assert bytes.fromhex(shown["raw"]) == b"\x30\x82public raw"


@pytest.mark.parametrize("what", ["events", "incidents"])
def test_what_is_not_there_ends_with_status_1(store, what):
    done = fannel(what, "show", "A-\x1b[31m")
    assert done.exit_code == 1
    assert "\x1b" not in done.output


# --- incidents --------------------------------------------------------------------------------------------------


@pytest.fixture
def incident_id(store):
    """An incident that went all the way: two events, an answer, a check with an output, a post that failed once."""
    up = event(phase="clear", at=NOW + timedelta(minutes=5))
    raised, _ = record(store, event(), up)
    found = raised.incident["id"]
    store.answer(found, who=f"event {raised.id}", now=NOW + timedelta(seconds=1))
    at = NOW + timedelta(seconds=4)
    store.judge(found, {"outcome": "confirmed", "reason": "it is down"}, who="check", now=at)
    printed = "Gi0/1 is down\r\nline protocol is \x1b[31mdown"
    store.activities.note([Activity(at, "output", "show interfaces Gi0/1", incident_id=found, body=printed)])
    post = Post(f"{found}/parent", found, "parent", "C0", {"text": "rt-tyo-01 down"}, NOW + timedelta(seconds=2))
    store.posts.want(post)
    store.posts.failed(post, "wanted", "ratelimited", NOW, NOW + timedelta(seconds=3))
    store.posts.sent(store.posts.find(post.key), "1700000000.000100", NOW + timedelta(seconds=6))
    return found


def test_an_incident_reads_as_a_timeline(store, incident_id):
    lines = fannel("incidents", "show", incident_id.lower()).output.splitlines()
    assert lines[0].startswith(f"{incident_id}  open  critical  interface_down  rt-tyo-01.example.net Gigabit")
    assert "verdict confirmed: it is down" in lines
    told = [line.split()[1] for line in lines[lines.index("2026-11-22") + 1 :]]
    assert told == ["event", "history", "history", "wanted", "post", "history", "output", "post", "event"]
    (wanted,) = [line for line in lines if " wanted " in line]
    assert "parent (sent, 2 attempts by now): rt-tyo-01 down" in wanted
    waits, posted = [line for line in lines if " post " in line]
    assert waits.endswith("parent waits: ratelimited")
    assert posted.endswith("parent posted at attempt 2 as 1700000000.000100 in C0")
    (output,) = [line for line in lines if " output " in line]
    assert output.endswith("show interfaces Gi0/1  (2 lines)")


def test_what_commands_printed_is_shown_on_request_and_does_nothing_to_the_terminal(store, incident_id):
    assert "line protocol" not in fannel("incidents", "show", incident_id).output
    shown = fannel("incidents", "show", incident_id, "--outputs").output
    assert "│ Gi0/1 is down\n" in shown
    assert "│ line protocol is \\u001b[31mdown" in shown


def test_the_same_for_a_program(store, incident_id):
    story = json.loads(fannel("incidents", "show", incident_id, "--json").stdout)
    assert story["incident"]["verdict"]["outcome"] == "confirmed"
    assert [one["what"] for one in story["history"]] == ["opened", "answered", "judged"]
    assert story["thread"] == {"channel": "C0", "ts": "1700000000.000100"}
    assert "body" not in story["activities"][0]


def test_a_hostile_name_takes_one_line_and_does_nothing_to_the_terminal(store):
    hostile = event(host="rt\x1b[31m\nA-AAAAAA\u202e.example.net")
    (recorded,) = record(store, replace(hostile, trap={**hostile.trap, "varbinds": {"a\nb": "\x9b31m\nc"}}))
    for command in (
        ("events", "list"),
        ("events", "show", recorded.id),
        ("incidents", "list"),
        ("incidents", "show", recorded.incident["id"]),
    ):
        done = fannel(*command)
        assert done.exit_code == 0
        assert not {"\x1b", "\u202e", "\x9b"} & set(done.output)
        assert not [line for line in done.output.splitlines() if line.startswith(("A-AAAAAA", "b", "c"))]


def test_incidents_are_listed_while_they_last_and_all_on_request(store, incident_id):
    assert incident_id in fannel("incidents", "list", "--kind", "interface_*").output
    assert fannel("incidents", "resolve", incident_id, "--why", "cable swapped").exit_code == 0
    assert fannel("incidents", "list").output == ""
    (listed,) = json.loads(fannel("incidents", "list", "--all", "--json").stdout)["incidents"]
    assert (listed["id"], listed["state"]) == (incident_id, "resolved")


def test_a_word_is_wanted_in_the_thread_under_the_name_given(store, incident_id):
    store.posts.want(Post(f"{incident_id}/parent", incident_id, "parent", "C0ALERTS01", {"text": "down"}, NOW))
    assert fannel("incidents", "ack", incident_id, "--by", "kei", "--why", "on my way").exit_code == 0
    reply, update = store.posts.unsent(incident_id)[-2:]
    assert (reply.kind, update.kind) == ("reply", "update")
    assert reply.payload["text"].endswith("by kei: on my way")
    assert store.incident(incident_id).acknowledged_by == "cli:kei"


def test_who_acknowledged_and_who_resolved_is_history(store, incident_id):
    assert fannel("incidents", "ack", incident_id, "--why", "on my way").exit_code == 0
    assert fannel("incidents", "resolve", incident_id).exit_code == 0
    acknowledged, resolved = store.history(incident_id)[-2:]
    assert (acknowledged.who, acknowledged.what, acknowledged.why) == ("cli:yuki", "acknowledged", "on my way")
    assert (resolved.who, resolved.what) == ("cli:yuki", "resolved")


def test_of_several_the_ones_that_cannot_be_changed_are_named_and_end_with_status_1(store, incident_id):
    done = fannel("incidents", "ack", "A-NOSUCH", incident_id)
    assert done.exit_code == 1
    assert "A-NOSUCH is not in the database" in done.output
    assert store.incident(incident_id).state == "acknowledged"
    fannel("incidents", "resolve", incident_id)
    again = fannel("incidents", "ack", incident_id)
    assert again.exit_code == 1
    assert "nothing to acknowledge" in again.output


def test_a_database_that_cannot_be_opened_is_one_line_and_status_1(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FANNEL_DATABASE__URL", "postgresql://fannel:sesame@127.0.0.1:1/fannel")
    done = fannel("incidents", "list")
    assert done.exit_code == 1
    assert len(done.output.splitlines()) == 1
    assert "sesame" not in done.output
