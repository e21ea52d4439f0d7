"""What was heard gets into the inbox however long the database is away, in order, as far as there is room."""

import threading

import pytest
from events import NOW
from listening_desk import WAIT_S, until

from fannel.incidents.store import StoreError
from fannel.incidents.store.inbox import Entry
from fannel.intake.counters import Counters
from fannel.slack.inbound.keeping import Keeper


class Inbox:
    """An inbox that is away as long as `away` says so."""

    def __init__(self):
        self.kept, self.away = [], None

    def put(self, entries):
        if self.away is not None:
            raise self.away
        new = [entry for entry in entries if entry not in self.kept]
        self.kept += new
        return len(new)


def entry(number):
    return Entry(f"click:{number}", "click", {}, NOW)


@pytest.fixture
def inbox():
    return Inbox()


@pytest.fixture
def keeper(inbox):
    keeper = Keeper(inbox, Counters(), lambda: None, most=10)
    thread = threading.Thread(target=keeper.run)
    thread.start()
    yield keeper
    keeper.stop()
    thread.join(WAIT_S)
    assert not thread.is_alive()


def test_it_is_said_when_it_is_on_record(keeper, inbox):
    recorded = threading.Event()
    assert keeper.take(entry(1), recorded.set)
    assert recorded.wait(WAIT_S)
    assert inbox.kept == [entry(1)]


@pytest.mark.parametrize("error", [StoreError("it is away"), KeyError("a defect")], ids=["away", "defect"])
def test_what_cannot_be_kept_yet_is_kept_later_in_order(keeper, inbox, error):
    inbox.away = error
    recorded = []
    for number in range(5):
        assert keeper.take(entry(number), lambda number=number: recorded.append(number))
    until(lambda: keeper.trouble is not None)
    assert recorded == []
    inbox.away = None
    until(lambda: recorded == [0, 1, 2, 3, 4])
    assert inbox.kept == [entry(number) for number in range(5)]
    assert keeper.trouble is None


def test_there_is_room_for_so_many_and_again_when_they_are_kept(keeper, inbox):
    inbox.away = StoreError("it is away")
    assert [keeper.take(entry(number), lambda: None) for number in range(12)] == [True] * 10 + [False] * 2
    inbox.away = None
    until(lambda: len(inbox.kept) == 10)
    assert keeper.take(entry(12), lambda: None)


def test_told_to_stop_it_keeps_what_it_has_taken(inbox):
    keeper = Keeper(inbox, Counters(), lambda: None)
    for number in range(250):
        keeper.take(entry(number), lambda: None)
    keeper.stop()
    keeper.run()
    assert len(inbox.kept) == 250


def test_told_to_stop_while_the_database_is_away_it_ends(inbox):
    inbox.away = StoreError("it is away")
    keeper = Keeper(inbox, Counters(), lambda: None)
    keeper.take(entry(1), lambda: None)
    keeper.stop()
    keeper.run()
    assert inbox.kept == []
