"""What the sender asks of the outbox's table, on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy
from events import NOW, event
from posting import post, want
from ulid import ULID

from fannel.incidents.store import Store

KINDS = ("parent", "reply", "note", "file", "update")


@pytest.fixture
def channel():
    """One of its own: the PostgreSQL is shared by all tests."""
    return f"C{str(ULID())[-10:]}"


def incident(store):
    (recorded,) = store.record([(event(host=f"rt-{ULID()}.example.net"), b"")])
    return recorded.incident["id"]


def wanted(store, channel, incident_id, kind, **more):
    one = post(incident_id, kind, str(ULID()), channel=channel, **more)
    want(store, one)
    return store.posts.find(one.key)


def test_the_most_urgent_thread_is_next_and_its_first_post(store, channel):
    ours, other = incident(store), incident(store)
    wanted(store, channel, other, "reply", priority=30)
    head = wanted(store, channel, ours, "reply", priority=40)
    wanted(store, channel, ours, "reply", priority=20)
    assert store.posts.next(channel, NOW, KINDS).key == head.key


def test_an_update_waits_for_its_parent_and_the_newest_stands_for_all(store, channel):
    ours = incident(store)
    parent = wanted(store, channel, ours, "parent", priority=30)
    wanted(store, channel, ours, "update", priority=10)
    newest = wanted(store, channel, ours, "update", priority=10)
    assert store.posts.next(channel, NOW, KINDS).key == parent.key
    store.posts.sent(parent, "1.0", NOW)
    assert store.posts.next(channel, NOW, KINDS).key == newest.key
    store.posts.superseded(newest)
    assert store.posts.next(channel, NOW, KINDS) is None


def test_what_is_not_due_holds_up_its_own_thread_and_no_other(store, channel):
    ours, other = incident(store), incident(store)
    late = wanted(store, channel, ours, "reply", priority=10, wanted_at=NOW + timedelta(seconds=5))
    wanted(store, channel, ours, "reply", priority=10)
    free = wanted(store, channel, other, "reply", priority=50)
    assert store.posts.next(channel, NOW, KINDS).key == free.key
    assert store.posts.next(channel, NOW + timedelta(seconds=5), KINDS).key == late.key


def test_only_the_kinds_that_may_go_are_given(store, channel):
    wanted(store, channel, incident(store), "reply")
    file = wanted(store, channel, incident(store), "file")
    assert store.posts.next(channel, NOW, ("file",)).key == file.key
    assert store.posts.next(channel, NOW, ()) is None


def test_one_in_doubt_is_left_out_while_nothing_can_be_looked_up(store, channel):
    doubtful = wanted(store, channel, incident(store), "reply")
    store.posts.failed(doubtful, "unknown", "no answer", NOW, NOW)
    assert store.posts.next(channel, NOW, KINDS, doubtful=False) is None
    assert store.posts.next(channel, NOW, KINDS).key == doubtful.key


def test_what_is_kept_of_a_channel_is_the_last_that_was_kept(store, channel):
    for value in ({"a": 1}, {"a": 2}):
        store.channels.keep(channel, value, NOW)
    assert store.channels.state(channel) == store.channels.states()[channel] == {"a": 2}
    assert store.channels.state("nothing") is None


def test_the_first_posts_that_wait_are_told_with_their_incidents(store, channel):
    ours = incident(store)
    parent = wanted(store, channel, ours, "parent")
    (first,) = store.channels.first_posts_waiting(channel, 0, 10)
    assert (first.seq, first.problem, first.subject.name) == (parent.seq, "interface_down", "GigabitEthernet0/1")
    assert store.channels.newest_first_posts(channel, 5) == [NOW]
    assert store.channels.first_posts_waiting(channel, parent.seq, 10) == []


def test_the_backlog_counts_by_priority(store, channel):
    before = store.channels.backlog().waiting.get(41, 0)
    wanted(store, channel, incident(store), "reply", priority=41)
    backlog = store.channels.backlog()
    assert backlog.waiting[41] == before + 1
    assert backlog.oldest is not None


def test_what_waits_is_found_however_much_was_sent_before(tmp_path):
    store = Store.open(f"sqlite:///{tmp_path}/f.sqlite3")
    asked = []
    sqlalchemy.event.listen(
        store._engine, "before_cursor_execute", lambda _c, _cu, statement, given, *_: asked.append((statement, given))
    )
    store.posts.next("C1", NOW, KINDS)
    store.posts.channels()
    store.posts.waiting()
    store.channels.backlog()
    store.channels.first_posts_unsent("C1")
    with store._engine.connect() as connection:
        plans = [
            row.detail
            for statement, given in asked.copy()
            if statement.startswith("SELECT")
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)
        ]
    store.close()
    of_posts = {plan.partition(" (")[0] for plan in plans if " posts" in plan}
    assert of_posts == {
        "SCAN posts USING COVERING INDEX ix_posts_unsent",
        "SEARCH posts USING COVERING INDEX ix_posts_unsent",
        "SCAN posts USING INDEX ix_posts_refused",
        "SEARCH posts USING INTEGER PRIMARY KEY",  # the one that is next
    }


class TestEdits:
    """A reply that is to look otherwise."""

    @pytest.fixture
    def reply(self, store, channel):
        return wanted(store, channel, incident(store), "reply")

    def edit(self, store, reply, text):
        edited = post(reply.incident_id, "edit", f"{reply.key}/{ULID()}", text, channel=reply.channel)
        with store.about(reply.incident_id) as it:
            return it.edit(reply.key, edited)

    def waiting(self, store, reply):
        return [(one.kind, one.payload["text"], one.thread_ts) for one in store.posts.unsent(reply.incident_id)]

    def test_what_is_not_posted_yet_is_posted_as_it_is_by_now(self, store, reply):
        assert self.edit(store, reply, "later")
        assert self.waiting(store, reply) == [("reply", "later", None)]

    def test_what_is_there_is_edited_and_the_newest_edit_stands_for_all(self, store, reply):
        store.posts.sent(reply, "7.1", NOW)
        for text in ("one", "two"):
            assert self.edit(store, reply, text)
        assert self.waiting(store, reply) == [("edit", "two", "7.1")]

    def test_an_edit_of_another_reply_stands_beside_it(self, store, channel, reply):
        other = wanted(store, channel, reply.incident_id, "reply")
        for ts, one in (("7.1", reply), ("7.2", other)):
            store.posts.sent(one, ts, NOW)
            self.edit(store, one, f"of {ts}")
        assert [text for _, text, _ in self.waiting(store, reply)] == ["of 7.1", "of 7.2"]

    def test_while_nobody_knows_whether_it_is_there_nothing_is_edited(self, store, reply):
        store.posts.claim(reply, NOW, NOW + timedelta(minutes=1))
        assert not self.edit(store, reply, "later")
        assert [kind for kind, *_ in self.waiting(store, reply)] == ["reply"]

    def test_an_edit_holds_up_no_reply_and_is_not_the_head_of_a_thread(self, store, channel, reply):
        store.posts.sent(reply, "7.1", NOW)
        self.edit(store, reply, "later")
        urgent = wanted(store, channel, reply.incident_id, "reply", priority=10)
        assert store.posts.next(channel, NOW, (*KINDS, "edit")).key == urgent.key
        store.posts.sent(urgent, "7.2", NOW)
        edit = store.posts.next(channel, NOW, (*KINDS, "edit"))
        assert edit.kind == "edit"
        store.posts.sent(edit, "7.1", NOW)
        assert store.posts.at(edit, "7.1").key == reply.key

    def test_what_was_replaced_before_it_was_sent_is_not_shown_to_people(self, store, reply):
        store.posts.sent(reply, "7.1", NOW)
        for text in ("one", "two", "three"):
            self.edit(store, reply, text)
        (edit,) = store.posts.unsent(reply.incident_id)
        store.posts.sent(edit, "7.1", NOW)
        assert [one.text for one in store.log.posts(reply.incident_id)] == [reply.payload["text"], "three"]
