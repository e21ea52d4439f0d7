"""What was heard is given out once, the newest word about each thing, to one process at a time; on both databases."""

from datetime import timedelta

import pytest
from events import NOW, event

from fannel.incidents.store import Post, Store
from fannel.incidents.store.inbox import Entry

SOON, LATER = NOW + timedelta(seconds=60), NOW + timedelta(seconds=61)


@pytest.fixture(params=["sqlite", "postgresql"])
def inbox(request, tmp_path):
    url = f"sqlite:///{tmp_path}/x.sqlite3" if request.param == "sqlite" else request.getfixturevalue("postgresql")
    store = Store.open(url)
    yield store.inbox
    # The server is everybody's.
    while (left := store.inbox.take(NOW + timedelta(days=365), NOW + timedelta(days=366))) is not None:
        store.inbox.done(left)
    while store.inbox.prune(NOW + timedelta(days=365)):
        pass
    store.close()


def entry(key, about="", rank="", at=NOW, **facts):
    return Entry(key, "message", facts, at, about, rank)


def test_what_is_heard_again_is_kept_once(inbox):
    assert inbox.put([entry("a"), entry("b")]) == 2
    assert inbox.put([entry("b"), entry("c"), entry("c")]) == 1
    assert inbox.put([]) == 0
    assert inbox.waiting() == (3, NOW)


def test_it_is_given_out_in_order_and_once(inbox):
    inbox.put([entry("a", text="1"), entry("b", text="2")])
    first, second = inbox.take(NOW, SOON), inbox.take(NOW, SOON)
    assert [(one.key, one.facts, one.attempts) for one in (first, second)] == [
        ("a", {"text": "1"}, 1),
        ("b", {"text": "2"}, 1),
    ]
    assert inbox.take(NOW, SOON) is None
    inbox.done(first)
    inbox.done(second)
    assert inbox.take(LATER, LATER) is None
    assert inbox.waiting() == (0, None)
    assert inbox.put([entry("a")]) == 0


def test_who_does_not_come_back_loses_it_to_somebody_else(inbox):
    inbox.put([entry("a")])
    lost = inbox.take(NOW, SOON)
    again = inbox.take(LATER, LATER + timedelta(seconds=60))
    assert (again.key, again.attempts) == ("a", 2)
    inbox.done(lost)  # too late: it is not his any more
    assert inbox.waiting()[0] == 1
    inbox.done(again)
    assert inbox.waiting()[0] == 0


def test_of_one_thing_the_newest_word_is_given_out(inbox):
    inbox.put([entry("a", "C1:1", ""), entry("b", "C1:1", "1795330900.000000"), entry("c", "C1:2", "")])
    assert [inbox.take(NOW, SOON).key, inbox.take(NOW, SOON).key] == ["b", "c"]
    assert inbox.take(NOW, SOON) is None


def test_an_older_word_that_comes_after_the_newer_one_is_nothing(inbox):
    inbox.put([entry("a", "C1:1", "z")])
    inbox.done(inbox.take(NOW, SOON))
    inbox.put([entry("b", "C1:1", "1795330900.000000")])
    assert inbox.take(NOW, SOON) is None
    assert inbox.waiting()[0] == 0


def test_about_one_thing_only_one_is_dealt_with_at_a_time(inbox):
    inbox.put([entry("a", "C1:1", "")])
    first = inbox.take(NOW, SOON)
    inbox.put([entry("b", "C1:1", "1795330900.000000"), entry("c", "C1:2", "")])
    assert inbox.take(NOW, SOON).key == "c"
    assert inbox.take(NOW, SOON) is None
    inbox.done(first)
    assert inbox.take(NOW, SOON).key == "b"


def test_what_failed_comes_again_when_it_is_due_and_what_was_given_up_never(inbox):
    inbox.put([entry("a")])
    inbox.again(inbox.take(NOW, SOON), SOON, "the desk stumbles")
    assert inbox.take(NOW, SOON) is None
    inbox.give_up(inbox.take(SOON, LATER), "again")
    assert inbox.take(LATER + timedelta(days=1), LATER + timedelta(days=1)) is None


def test_what_is_over_is_forgotten_and_what_waits_is_not(inbox):
    inbox.put([entry("old and done"), entry("old")])
    inbox.done(inbox.take(NOW, SOON))
    inbox.put([entry("new", at=SOON)])
    assert inbox.prune(SOON) == 1
    assert inbox.put([entry("old and done"), entry("old"), entry("new")]) == 1


def test_the_latest_word_about_each_thing_of_a_channel(inbox):
    inbox.put([entry("a", "C1:1", "2", text="newer"), entry("b", "C1:1", "", text="older"), entry("c", "C1:2", "")])
    inbox.put([entry("d", "C12:1", ""), entry("e", "C1_:1", ""), entry("f", "C1:3", "", at=NOW - timedelta(days=2))])
    found = inbox.latest("C1:", NOW - timedelta(days=1))
    assert sorted((one.about, one.facts.get("text")) for one in found) == [("C1:1", "newer"), ("C1:2", None)]
    assert {one.about for one in inbox.latest("C1_:", NOW)} == {"C1_:1"}


def test_how_far_a_channel_was_read_is_kept(inbox):
    inbox.keep_mark("C1", "one", NOW)
    inbox.keep_mark("C1", "two", NOW)
    assert (inbox.mark("C1"), inbox.mark("C2")) == ("two", None)


def test_threads_of_incidents_that_are_not_closed_are_open(tmp_path):
    store = Store.open(f"sqlite:///{tmp_path}/x.sqlite3", reopen=timedelta(seconds=1))
    (recorded,) = store.record([(event(), b"")])
    key = f"{recorded.incident['id']}/parent"
    store.posts.want(Post(key, recorded.incident["id"], "parent", "C1", {"text": "down"}, wanted_at=NOW))
    store.posts.sent(store.posts.find(key), "1795330807.000200", NOW)
    assert (store.inbox.open_threads("C1"), store.inbox.open_threads("C2")) == (["1795330807.000200"], [])
    store.resolve(recorded.incident["id"], as_of=LATER, who="test", now=LATER)
    store.close_resolved(LATER + timedelta(days=1))
    assert store.inbox.open_threads("C1") == []
    store.close()
