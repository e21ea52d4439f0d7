"""A database that is lost in the middle of a step: the step is done again, and says everything once."""

from __future__ import annotations

import pytest
import sqlalchemy
from answering import DOWN, UP, messages, recorded
from events import event
from sqlalchemy.exc import OperationalError

from fannel.incidents.store import StoreError


class Losing:
    """Loses the connection when a post is about to be wanted, so often; then never again."""

    def __init__(self, store, *, times=1):
        self.times = times
        sqlalchemy.event.listen(store._engine, "before_cursor_execute", self._lose)

    def _lose(self, _connection, _cursor, statement, *_):
        if statement.startswith("INSERT INTO posts") and self.times:
            self.times -= 1
            raise OperationalError(statement, None, Exception("server closed the connection unexpectedly"))


def test_every_step_is_done_again_and_says_it_once(responder, store, slack):
    down, up = recorded(store, event(), event(phase="clear"))
    for step, about in (
        (responder.announce, (down,)),
        (responder.conclude, (down, DOWN)),
        (responder.recover, (up, UP)),
    ):
        losing = Losing(store)
        step(*about)
        assert losing.times == 0, "it was lost"
    parent, verdict, recovery = messages(slack)
    assert parent["text"].startswith("🟢 RECOVERED")
    assert "confirmed" in verdict["text"]
    assert "RECOVERED" in recovery["text"]
    lines = [line.what for line in store.history(down["incident"]["id"])]
    assert lines == ["opened", "answered", "judged", "resolved"]


def test_a_database_that_stays_away_fails_the_step_and_leaves_nothing_half_done(responder, store, slack):
    (down,) = recorded(store, event())
    Losing(store, times=2)
    with pytest.raises(StoreError, match="server closed the connection"):
        responder.announce(down)
    assert store.incident(down["incident"]["id"]).state == "new"
    assert messages(slack) == []


def test_what_is_wanted_when_the_outbox_cannot_be_read_is_left_to_the_observer(responder, store, slack, monkeypatch):
    (down,) = recorded(store, event())

    def away(*_):
        raise StoreError("away")

    with monkeypatch.context() as broken:
        broken.setattr(responder._outbox, "deliver", away)
        assert responder.announce(down)
    assert messages(slack) == []
    responder._outbox.deliver()
    assert len(messages(slack)) == 1
