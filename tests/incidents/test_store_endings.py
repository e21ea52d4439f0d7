"""The end of a silence in the database: what came, what the rules are asked, and what people are told, once."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from events import NOW, event

from fannel.event import Subject
from fannel.incidents.incident import Hush
from fannel.incidents.silence import Matcher, Silence
from fannel.incidents.silences import Silences
from fannel.incidents.store import By, Post
from fannel.incidents.store.requests import Place

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
CHANNEL = "C0SILENCES"


@pytest.fixture
def store(stores):
    return stores[0]


@pytest.fixture
def host():
    """A database may be shared by tests."""
    return f"rt-{os.urandom(4).hex()}"


class Tell:
    """Keeps what it was told, and wants a post for each."""

    def __init__(self, host, warn_before=15 * MINUTE, *, dies=False):
        self.warn_before = warn_before
        self.over, self.soon = [], []
        self._host = host
        self._dies = dies

    def ended(self, ending):
        return self._told(self.over, "over", ending)

    def ends_soon(self, ending):
        return self._told(self.soon, "soon", ending)

    def _told(self, to, what, ending):
        if self._host not in str(ending.silence.scopes):
            return ()
        if self._dies:
            raise KeyboardInterrupt
        to.append(ending)
        key = f"{ending.silence.id}/{what}/{ending.silence.revision}"
        return (Post(key, None, "note", CHANNEL, {"text": what}, ending.now),)


def add(store, host, *, lasts=HOUR, starts_at=NOW, origin="cli", **more):
    scopes = ((Matcher("host", "equal", host),),)
    wanted = Silence(0, scopes, starts_at, starts_at + lasts, "slack:Kei", origin, **more)
    return store.silences.add(wanted, starts_at)


def raised(store, host, number=1, at=NOW, **more):
    happened = replace(event(host=host, at=at, **more), subject=Subject("interface", f"GigabitEthernet0/{number}"))
    (recorded,) = store.record([(Silences(store.silences.current(at)).marked(happened, at), b"raw")])
    return recorded.incident["id"] if recorded.incident else None


def settle(store, host, at, tell):
    return [one["incident"]["id"] for one in store.endings.settle(at, tell) if one["host"]["name"] == host]


# --- the end -----------------------------------------------------------------------------------------------------


def test_what_came_under_it_is_counted_with_what_is_done_about_each(store, host):
    silence = add(store, host)
    asked, over = raised(store, host, 1), raised(store, host, 2)
    raised(store, host, 1, NOW + MINUTE)
    raised(store, host, 2, NOW + MINUTE, phase="clear")
    store.resolve(over, as_of=NOW + MINUTE, who="check", now=NOW + MINUTE)
    tell = Tell(host)
    assert settle(store, host, NOW + HOUR, tell) == [asked]
    (ending,) = tell.over
    assert (ending.silence, ending.now, ending.place, ending.last) == (silence, NOW + HOUR, None, False)
    account = ending.account
    assert (account.events, account.lasting, account.over) == (4, 1, 1)
    lasting, gone = account.incidents
    assert (lasting.incident_id, lasting.events, lasting.then, lasting.over_at) == (asked, 2, "asked", None)
    assert (lasting.host.name, lasting.subject.name, lasting.since) == (host, "GigabitEthernet0/1", NOW)
    assert (gone.incident_id, gone.then, gone.over_at) == (over, "", NOW + MINUTE)


def test_it_is_told_in_the_transaction_that_notes_its_end_and_by_one_replica(stores, host):
    silence = add(stores[0], host)
    raised(stores[0], host)
    with pytest.raises(KeyboardInterrupt):
        stores[0].endings.settle(NOW + HOUR, Tell(host, dies=True))
    assert stores[0].posts.find(f"{silence.id}/over/1") is None
    first, second = Tell(host), Tell(host)
    assert len(settle(stores[0], host, NOW + HOUR, first)) == 1, "who died in between asked nobody"
    assert settle(stores[1], host, NOW + HOUR, second) == []
    assert (len(first.over), len(second.over)) == (1, 0)
    assert stores[1].posts.find(f"{silence.id}/over/1") is not None


def test_a_silence_that_was_not_used_is_told_so(store, host):
    add(store, host)
    tell = Tell(host)
    settle(store, host, NOW + HOUR, tell)
    (ending,) = tell.over
    assert (ending.account.events, ending.account.incidents, ending.account.lasting) == (0, (), 0)


def test_one_that_somebody_ended_is_told_then_and_not_again(store, host):
    silence = add(store, host)
    tell = Tell(host)
    store.silences.change([silence.expired("slack:Yuki", NOW + MINUTE)])
    settle(store, host, NOW + MINUTE, tell)
    settle(store, host, NOW + HOUR, tell)
    (ending,) = tell.over
    assert (ending.silence.what, ending.silence.changed_by) == ("expired", "slack:Yuki")


def test_one_that_covers_less_than_before_asks_and_tells_nobody_of_an_end(store, host):
    silence = add(store, host)
    down = raised(store, host)
    less = silence.narrowed(((Matcher("host", "equal", host), Matcher("problem", "equal", "x")),), "cli:me", NOW)
    store.silences.change([less])
    tell = Tell(host)
    assert settle(store, host, NOW + MINUTE, tell) == [down]
    assert tell.over == []


def test_what_another_silence_covers_goes_on_under_that_one(store, host):
    add(store, host)
    other = add(store, host, lasts=3 * HOUR)
    with_other = raised(store, host, at=NOW)  # under the one that ends last
    tell = Tell(host)
    store.silences.change([other.narrowed(((Matcher("host", "equal", "elsewhere"),),), "cli:me", NOW)])
    assert settle(store, host, NOW, tell) == []
    (ending,) = tell.over or [None]
    assert ending is None
    assert settle(store, host, NOW + HOUR, tell) == [with_other]
    (ending,) = tell.over
    assert [one.incident_id for one in ending.account.incidents] == [with_other]


def test_what_is_quiet_under_another_one_is_said_to_be(store, host):
    first = add(store, host)
    down = raised(store, host)
    other = add(store, host, lasts=3 * HOUR)
    tell = Tell(host)
    assert settle(store, host, NOW + HOUR, tell) == []
    (ending,) = tell.over
    assert ending.silence.id == first.id
    assert [(one.incident_id, one.then, one.other) for one in ending.account.incidents] == [
        (down, "under", f"#{other.id}")
    ]


def test_what_people_know_of_is_told_as_that_and_looked_at_again(store, host):
    down = raised(store, host)
    store.posts.want(Post(f"{down}/parent", down, "parent", CHANNEL, {"text": "down"}, NOW))
    store.answer(down, who="event", now=NOW)
    add(store, host)
    raised(store, host, at=NOW + MINUTE)
    tell = Tell(host)
    assert settle(store, host, NOW + HOUR, tell) == []
    (ending,) = tell.over
    assert [(one.incident_id, one.then) for one in ending.account.incidents] == [(down, "told")]
    with store._engine.connect() as connection:
        due = connection.exec_driver_sql(f"SELECT recheck_at FROM incidents WHERE id = '{down}'").scalar()
    assert due is not None


def test_what_follows_from_another_fault_is_told_as_that(store, host):
    add(store, host)
    cause, effect = raised(store, host, 1), raised(store, host, 2)
    store.attach(effect, cause, {"why": "lies on it"}, By("fannel", NOW))
    tell = Tell(host)
    assert settle(store, host, NOW + HOUR, tell) == [cause]
    (ending,) = tell.over
    assert {(one.incident_id, one.then, one.other) for one in ending.account.incidents} == {
        (cause, "asked", ""),
        (effect, "with", cause),
    }


def test_however_much_came_all_is_counted_and_some_is_listed(store, host, monkeypatch):
    monkeypatch.setattr("fannel.incidents.store.endings._MOST_TOLD", 2)
    silence = add(store, host)
    over = raised(store, host, 1)
    store.resolve(over, as_of=NOW, who="check", now=NOW)
    for number in range(2, 5):
        raised(store, host, number)
    account = store.endings.account(silence.id)
    assert (account.events, account.lasting, account.over) == (4, 3, 1)
    assert [one.over_at for one in account.incidents] == [None, None], "what lasts comes first"


# --- what its alert shows ---------------------------------------------------------------------------------------------


def test_a_silenced_fault_that_people_know_of_is_listed_until_its_silence_ends(store, host):
    down, untold = raised(store, host, 1), raised(store, host, 2)
    store.posts.want(Post(f"{down}/parent", down, "parent", CHANNEL, {"text": "down"}, NOW))
    assert store.aside(down, NOW).hush is None
    silence = add(store, host)
    assert store.aside(down, NOW).hush == Hush(silence.id, silence.ends_at, "slack:Kei")
    assert down in store.with_aside(NOW)
    assert untold not in store.with_aside(NOW)
    assert down not in store.with_aside(NOW + HOUR)
    assert store.aside(down, NOW + HOUR).hush is None
    store.resolve(down, as_of=NOW, who="check", now=NOW)
    assert store.aside(down, NOW).hush is None


def test_two_replicas_at_the_same_instant_tell_each_end_once_and_ask_about_each_fault_once(stores, host):
    for _ in range(12):
        add(stores[0], host)
    downs = {raised(stores[0], host, number) for number in range(1, 9)}
    tells = [Tell(host), Tell(host)]
    together = threading.Barrier(2)

    def look(store, tell):
        together.wait()
        return [one for _ in range(3) for one in settle(store, host, NOW + HOUR, tell)]

    with ThreadPoolExecutor(2) as pool:
        asked = [one for found in pool.map(look, stores, tells) for one in found]
    assert sorted(asked) == sorted(downs)
    ended = [ending.silence.id for tell in tells for ending in tell.over]
    assert len(ended) == len(set(ended)) == 12


def test_all_that_end_together_are_told_in_one_go(store, host, monkeypatch):
    monkeypatch.setattr("fannel.incidents.store.endings._AT_ONCE", 2)
    for _ in range(5):
        add(store, host)
    tell = Tell(host)
    settle(store, host, NOW + HOUR, tell)
    assert len(tell.over) == 5


# --- where it was asked for --------------------------------------------------------------------------------------


def ask(store, ts):
    with store.requests.asked(CHANNEL, ts, NOW) as it:
        it.keep("v", (), ())


def test_the_thread_of_the_request_is_known_and_the_request_is_marked_with_its_last_silence(store, host):
    ts = f"1795330207.{int(host[3:], 16) % 1_000_000:06d}"
    ask(store, ts)
    add(store, host, origin=f"slack:{CHANNEL}:{ts}")
    add(store, host, lasts=2 * HOUR, origin=f"slack:{CHANNEL}:{ts}")
    tell = Tell(host)
    settle(store, host, NOW + HOUR, tell)
    settle(store, host, NOW + 2 * HOUR, tell)
    assert [(one.place, one.last) for one in tell.over] == [(Place(CHANNEL, ts), False), (Place(CHANNEL, ts), True)]


def test_an_alert_in_whose_thread_a_silence_was_asked_for_is_not_marked(store, host):
    add(store, host, origin=f"slack:{CHANNEL}:1795330207.999999")
    tell = Tell(host)
    settle(store, host, NOW + HOUR, tell)
    assert [(one.place, one.last) for one in tell.over] == [(Place(CHANNEL, "1795330207.999999"), False)]


# --- before the end ----------------------------------------------------------------------------------------------


def warned(store, host, *at):
    tell = Tell(host)
    for moment in at:
        settle(store, host, moment, tell)
    return tell.soon


def test_a_quarter_of_an_hour_before_its_end_people_are_warned_once(stores, host):
    silence = add(stores[0], host)
    down = raised(stores[0], host)
    soon = NOW + HOUR - 15 * MINUTE
    assert warned(stores[0], host, soon - timedelta(seconds=1)) == []
    (ending,) = warned(stores[0], host, soon, soon + MINUTE)
    assert (ending.silence, ending.now) == (silence, soon)
    assert [one.incident_id for one in ending.account.incidents] == [down]
    assert warned(stores[1], host, soon + MINUTE) == []


def test_who_dies_while_warning_has_warned_nobody(store, host):
    add(store, host)
    soon = NOW + HOUR - 15 * MINUTE
    with pytest.raises(KeyboardInterrupt):
        store.endings.settle(soon, Tell(host, dies=True))
    assert len(warned(store, host, soon)) == 1


def test_one_that_was_extended_is_warned_of_again(store, host):
    silence = add(store, host)
    soon = NOW + HOUR - 15 * MINUTE
    assert len(warned(store, host, soon)) == 1
    store.silences.change([silence.extended(NOW + 2 * HOUR, "slack:Kei", soon)])
    assert warned(store, host, soon + MINUTE) == []
    assert len(warned(store, host, soon + HOUR)) == 1


@pytest.mark.parametrize(("lasts", "warnings"), [(29 * MINUTE, 0), (30 * MINUTE, 1)])
def test_a_short_one_ends_without_a_warning(store, host, lasts, warnings):
    add(store, host, lasts=lasts)
    assert len(warned(store, host, NOW + lasts - 14 * MINUTE)) == warnings


def test_nobody_is_warned_where_that_is_off_or_there_is_no_slack(store, host):
    add(store, host)
    never = Tell(host, timedelta())
    settle(store, host, NOW + 59 * MINUTE, never)
    settle(store, host, NOW + 59 * MINUTE, None)
    assert never.soon == []


def test_while_nothing_ends_nobody_writes(store, host, monkeypatch):
    add(store, host)
    monkeypatch.setattr("fannel.incidents.store.endings.writing", None)
    assert settle(store, host, NOW + MINUTE, Tell(host)) == []
