"""What FANNEL decided, and what became of each post, is on record beside what it observed, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from databases import empty
from events import NOW, event

from fannel.event import Subject
from fannel.incidents.flap import FlapPolicy
from fannel.incidents.silence import Matcher, Silence
from fannel.incidents.silences import Silences
from fannel.incidents.store import Post, Store
from fannel.incidents.store.recording import ASK_AGAIN_AFTER

RESTLESS = FlapPolicy(flapping_above=6.0)


@pytest.fixture
def store(url):
    opened = Store.open(url, flap=RESTLESS)
    empty(opened)
    yield opened
    opened.close()


def record(store, *observed):
    return store.record([(one, b"raw") for one in observed])


def lines(store, incident_id, kind="decision"):
    return [(one.at, one.summary) for one in store.activities.of_incident(incident_id) if one.kind == kind]


def after(seconds):
    return NOW + timedelta(seconds=seconds)


def neighbor():
    return replace(
        event(), kind="bgp_neighbor_down", problem="bgp_neighbor_down", subject=Subject("bgp_peer", "192.0.2.9")
    )


def test_flapping_is_decided_once_and_so_is_calm(store):
    changes = [event(phase=("raise", "clear")[n % 2], at=after(n)) for n in range(5)]
    found, *_ = [record(store, one)[0].incident["id"] for one in changes]
    (began,) = lines(store, found)
    assert began == (after(2), "flap: flapping after 3 changes, no post for each from here on")
    assert [one.incident_id for one in store.activities.of_event(changes[2].id)] == [found]
    store.due(after(86_400))
    assert lines(store, found)[1] == (after(86_400), "flap: calm after 5 changes")


class TestSilences:
    @pytest.fixture
    def silenced(self, store):
        """Events of rt1 come under a silence, from an hour ago until two hours from now."""
        scope = (Matcher("host", "equal", "rt1"),)
        times = (after(-3600), after(7200))
        kept = store.silences.add(Silence(0, (scope,), *times, "cli:me", "cli", "card swap"), NOW)
        return lambda *observed: record(store, *(Silences([kept]).marked(one, NOW) for one in observed))

    def test_it_says_who_keeps_it_quiet_why_and_until_when(self, store, silenced):
        (opened,) = silenced(event(host="rt1", at=NOW))
        ((at, said),) = lines(store, opened.incident["id"])
        number = opened.silence["id"]
        assert (at, said) == (NOW, f"silenced by #{number} (cli:me, card swap) until {after(7200):%Y-%m-%d %H:%M} UTC")
        assert [one.summary for one in store.activities.of_event(opened.id)] == [said]

    def test_a_repeat_that_asks_nobody_is_no_decision_and_a_clear_is_one(self, store, silenced):
        (opened, _, _) = silenced(
            *(event(phase=phase, host="rt1", at=after(n)) for n, phase in enumerate(("raise", "raise", "clear")))
        )
        assert [at for at, _ in lines(store, opened.incident["id"])] == [NOW, after(2)]

    def test_what_is_not_silenced_says_nothing_of_it(self, store, silenced):
        (opened,) = silenced(event(host="rt2", at=NOW))
        assert lines(store, opened.incident["id"]) == []


def test_what_is_held_says_for_how_long_and_what_became_of_it(store):
    (held,) = record(store, neighbor())
    found = held.incident["id"]
    assert held.incident["state"] == "held"
    ((at, said),) = lines(store, found)
    assert at == NOW
    assert said.startswith("correlation: held for ")
    store.due(after(60))
    assert lines(store, found)[1] == (after(60), "correlation: no cause came, it stands on its own")


def test_that_the_rules_are_asked_again_is_a_decision(store):
    found = record(store, event())[0].incident["id"]
    again_at = NOW + ASK_AGAIN_AFTER
    record(store, event(at=again_at - timedelta(seconds=1)))
    assert lines(store, found) == []
    record(store, event(at=again_at))
    assert lines(store, found) == [(again_at, "asking: nobody has answered it, the rules are asked again")]


def test_recording_again_decides_nothing_again(store):
    held = neighbor()
    (recorded,) = record(store, held)
    record(store, held)
    assert len(lines(store, recorded.incident["id"])) == 1


# --- posts -------------------------------------------------------------------------------------------------------


@pytest.fixture
def post(store):
    (recorded,) = record(store, event())
    found = recorded.incident["id"]
    wanted = Post(f"{found}/verdict/{recorded.id}", found, "reply", "C0ALERTS01", {"text": "down"}, NOW)
    store.posts.want(wanted)
    return store.posts.find(wanted.key)


def test_a_post_that_is_there_says_when_and_as_what(store, post):
    store.posts.sent(post, "1700000000.000100", after(2))
    (done,) = store.activities.of_event(post.key.rsplit("/", 1)[-1])
    assert (done.at, done.kind, done.incident_id) == (after(2), "post", post.incident_id)
    assert done.summary == "reply posted as 1700000000.000100 in C0ALERTS01"


def test_a_trouble_is_said_once_however_often_it_is_met(store, post):
    for n in range(5):
        store.posts.failed(store.posts.find(post.key), "unknown", "http_503", after(n), after(n))
    store.posts.failed(store.posts.find(post.key), "refused", "invalid_blocks", after(9), after(9))
    assert lines(store, post.incident_id, "post") == [
        (after(0), "reply in doubt: http_503"),
        (after(9), "reply refused for good: invalid_blocks"),
    ]


def test_what_another_post_stands_for_says_so(store, post):
    later = replace(post, key=f"{post.incident_id}/verdict/later")
    store.posts.want(later)
    store.posts.merge([post], store.posts.find(later.key), {"text": "down"}, after(3))
    said = f"reply told by a later one that says the same: {later.key}"
    assert lines(store, post.incident_id, "post") == [(after(3), said)]


def test_an_update_that_is_there_is_no_news(store, post):
    update = replace(post, key=f"{post.incident_id}/update/1", kind="update")
    store.posts.want(update)
    store.posts.sent(update, "1700000000.000100", after(1))
    assert lines(store, post.incident_id, "post") == []
