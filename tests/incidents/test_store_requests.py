"""What people asked for, in the store: once a version, whole or not at all, by one replica at a time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from databases import empty
from events import NOW, event
from posting import CHANNEL, post

from fannel.incidents.silence import Matcher, OvertakenError, Silence
from fannel.incidents.store import Post, Store
from fannel.incidents.store.asked_tables import confirmations, requests
from fannel.incidents.store.requests import Confirmation, Place, Under
from fannel.incidents.store.retention import Policy

TS = "1795330807.000200"
HOUR = timedelta(hours=1)


@pytest.fixture
def store(url):
    opened = Store.open(url)
    empty(opened)
    yield opened
    empty(opened)
    opened.close()


def silence(**changed):
    scopes = ((Matcher("host", "equal", "rt1"),),)
    return Silence(0, scopes, NOW, NOW + HOUR, **{"author": "slack:Kei", "origin": f"slack:{CHANNEL}:{TS}", **changed})


def waiting(**changed):
    facts = {"channel": CHANNEL, "thread": TS, "asked_by": "U0KEI", "asked_at": NOW, "lapses_at": NOW + HOUR}
    return Confirmation(0, wanted={"n": 1}, **{**facts, **changed})


def test_what_is_done_said_and_heard_is_there_together(store):
    with store.requests.asked(CHANNEL, TS, NOW) as asked:
        assert (asked.heard, asked.silences, asked.done, asked.withdrawn) == ((), (), (), False)
        made = asked.add(silence(), NOW)
        asked.want(post(None, "note", "answer", thread_ts=TS))
        asked.keep("v1", [made.id], ["resume rt2"])
    with store.requests.asked(CHANNEL, TS, NOW) as asked:
        assert (asked.heard, asked.silences, asked.done) == (("v1",), (made.id,), ("resume rt2",))
        assert [one.id for one in asked.current(NOW)] == [made.id]
    assert store.posts.find("answer").thread_ts == TS


def test_what_dies_half_way_leaves_nothing(store):
    def dies():
        with store.requests.asked(CHANNEL, TS, NOW) as asked:
            made = asked.add(silence(), NOW)
            asked.want(post(None, "note", "answer"))
            asked.keep("v1", [made.id], [])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dies()
    assert store.silences.current(NOW) == []
    assert store.posts.find("answer") is None
    assert not store.requests.known(CHANNEL, TS)


def test_two_replicas_that_hear_the_same_message_take_turns(url, store):
    def hear(_):
        replica = Store.open(url)
        try:
            with replica.requests.asked(CHANNEL, TS, NOW) as asked:
                if "v1" not in asked.heard:
                    asked.keep("v1", [asked.add(silence(), NOW).id], [])
        finally:
            replica.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(hear, range(8)))
    assert len(store.silences.current(NOW)) == 1


def test_a_silence_that_somebody_else_changed_in_between_is_not_changed(store):
    kept = store.silences.add(silence(), NOW)
    store.silences.change([kept.extended(NOW + 2 * HOUR, "slack:Rin", NOW)])

    def late():
        with store.requests.acting() as acting:
            acting.want(post(None, "note", "answer"))
            acting.change([kept.expired("slack:Kei", NOW)])

    with pytest.raises(OvertakenError):
        late()
    assert store.posts.find("answer") is None
    assert store.silences.one(kept.id).ends_at == NOW + 2 * HOUR


def test_a_thread_is_of_its_incident_or_of_the_silences_that_its_first_message_asked_for(store):
    (recorded,) = store.record([(event(), b"")])
    incident_id = recorded.incident["id"]
    parent = post(incident_id, "parent", f"{incident_id}/parent")
    store.posts.want(parent)
    store.posts.sent(parent, "1.000001", NOW)
    assert store.requests.under(CHANNEL, "1.000001") == Under(incident_id, ())
    assert store.requests.under("C0OTHER001", "1.000001") is None
    assert store.requests.under(CHANNEL, TS) is None
    with store.requests.asked(CHANNEL, TS, NOW) as asked:
        asked.keep("v1", [7], [])
    assert store.requests.under(CHANNEL, TS) == Under(None, (7,))


def test_what_waits_for_a_second_person_is_decided_once(store):
    with store.requests.acting() as acting:
        number = acting.wait(waiting())
    with store.requests.confirming(number) as (acting, found):
        assert found.id == number
        assert (found.state, found.wanted, found.asked_by) == ("waiting", {"n": 1}, "U0KEI")
        acting.decide(number, "confirmed", "slack:Rin", 7)
    with store.requests.confirming(number) as (acting, found):
        assert (found.state, found.decided_by, found.silence_id) == ("confirmed", "slack:Rin", 7)
        assert acting.waiting(CHANNEL, TS) == []
    with store.requests.confirming(number + 1) as (_, found):
        assert found is None


def test_a_silence_confirmed_later_is_its_message_s(store):
    with store.requests.asked(CHANNEL, TS, NOW) as asked:
        asked.keep("v1", [3], [])
    with store.requests.acting() as acting:
        acting.stands_for(CHANNEL, TS, 4)
        acting.stands_for(CHANNEL, TS, 4)
        acting.stands_for(CHANNEL, "9.000001", 5)
    assert store.requests.under(CHANNEL, TS).silences == (3, 4)
    assert store.requests.under(CHANNEL, "9.000001") is None


def test_what_nobody_confirms_lapses(store):
    with store.requests.acting() as acting:
        number = acting.wait(waiting())
        acting.wait(waiting(lapses_at=NOW + 3 * HOUR))
    assert store.requests.lapsed(NOW) == []
    assert store.requests.lapsed(NOW + HOUR) == [number]


def test_a_place_is_a_message_or_where_a_post_of_ours_came_to_stand(store):
    note = Post("request/slash/1", None, "note", CHANNEL, {"text": "x"}, NOW)
    with store.requests.acting() as acting:
        acting.want(note)
        assert acting.place(CHANNEL, TS) == Place(CHANNEL, TS)
        assert acting.place(CHANNEL, "1") == Place(CHANNEL, None)
        assert acting.place(CHANNEL, "never/wanted") == Place(CHANNEL, None)
    store.posts.sent(note, "2.000002", NOW)
    with store.requests.acting() as acting:
        assert acting.place(CHANNEL, "1") == Place(CHANNEL, "2.000002")


def test_threads_of_silences_are_open_as_long_as_these_last(store):
    store.silences.add(silence(), NOW)
    store.silences.add(silence(origin=f"slack:{CHANNEL}:2.000002"), NOW)
    store.silences.add(silence(origin="slack:C0OTHER001:3.000003"), NOW)
    store.silences.add(silence(origin="cli"), NOW)
    assert store.requests.open_threads(CHANNEL, NOW) == ["2.000002", TS]
    assert store.requests.open_threads(CHANNEL, NOW + HOUR) == []


def test_what_is_older_than_the_log_is_forgotten_and_what_waits_is_not(store):
    with store.requests.asked(CHANNEL, TS, NOW) as asked:
        asked.keep("v1", [], [])
    with store.requests.acting() as acting:
        acting.decide(acting.wait(waiting()), "lapsed", "fannel")
        left = acting.wait(waiting())
    pruned = store.retention.prune(Policy(timedelta(days=90), 10**12), NOW + timedelta(days=91))
    assert pruned.rows == {requests.name: 1, confirmations.name: 1}
    assert store.requests.lapsed(NOW + timedelta(days=91)) == [left]
