"""Faults that nobody clears: each is asked about in time, by one replica, until it is answered; and people reminded."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy
from databases import empty
from events import NOW, event
from jsonschema import validate

from fannel.event import Subject, schema
from fannel.incidents.flap import FlapPolicy
from fannel.incidents.recheck import RecheckPolicy
from fannel.incidents.store import By, Post, Store
from fannel.incidents.store.tables import events, metadata

DAY = timedelta(days=1)
LATER = NOW + DAY
POLICY = RecheckPolicy(after=DAY, every=DAY, retry=timedelta(minutes=10), at_once=3)
# Restless so soon that the few changes of a test are enough.
RESTLESS = FlapPolicy(flapping_above=3.0)


@pytest.fixture
def store(url):
    opened = Store.open(url, flap=RESTLESS)
    empty(opened)
    yield opened
    opened.close()


def record(store, *observed):
    return store.record([(one, b"raw") for one in observed])


def down(number=1, at=NOW, **changes):
    return replace(event(at=at), subject=Subject("interface", f"GigabitEthernet0/{number}"), **changes)


def event_up(number, at=NOW):
    return replace(event(phase="clear", at=at), subject=Subject("interface", f"GigabitEthernet0/{number}"))


def opened(store, number=1, at=NOW):
    return record(store, down(number, at))[0].incident["id"]


def asked(store, now=LATER, policy=POLICY, **options):
    return [one.incident["id"] for one in store.take_rechecks(now, policy, **options)]


# --- the question ------------------------------------------------------------------------------------------------


def test_it_is_about_the_same_fault_and_names_the_incident_and_the_device(store):
    found = opened(store)
    (asking,) = store.take_rechecks(LATER, POLICY)
    validate(asking.to_queue(), schema())
    assert (asking.kind, asking.phase, asking.fingerprint) == ("recheck", "info", store.incident(found).fingerprint)
    assert asking.incident == {"id": found, "state": "new"}
    assert asking.source == event().source
    assert asking.to_json()["meta"]["hosts"] == event().host.name


def test_it_is_on_record_and_changes_neither_the_incident_nor_what_is_unfinished(store):
    found = opened(store)
    before, unfinished = store.incident(found), store.unfinished()
    (asking,) = store.take_rechecks(LATER, POLICY)
    assert store.event_json(asking.id)["kind"] == "recheck"
    assert store.incident(found) == replace(before, recheck_id=asking.id)
    assert store.unfinished() == unfinished
    assert len(store.history(found)) == 1


# --- when --------------------------------------------------------------------------------------------------------


def test_a_fault_is_asked_about_so_long_after_its_last_raise(store):
    found = opened(store)
    record(store, down(at=NOW + timedelta(hours=1)))
    assert asked(store, LATER) == []
    assert asked(store, LATER + timedelta(hours=1)) == [found]


def test_once_answered_it_is_asked_about_again_after_a_while(store):
    found = opened(store)
    (asking,) = store.take_rechecks(LATER, POLICY)
    store.rechecked(found, asking.id, LATER + DAY)
    assert store.incident(found).recheck_id is None
    assert asked(store, LATER + DAY - timedelta(seconds=1)) == []
    (again,) = store.take_rechecks(LATER + DAY, POLICY)
    assert (again.incident["id"], again.id == asking.id) == (found, False)


def test_what_is_not_answered_is_asked_again_by_the_same_event(store):
    """Whoever was to answer died: nothing is lost, and the log does not grow by it."""
    opened(store)
    (asking,) = store.take_rechecks(LATER, POLICY)
    assert asked(store, LATER + POLICY.retry - timedelta(seconds=1)) == []
    (again,) = store.take_rechecks(LATER + POLICY.retry, POLICY)
    said = {"asked_again_at": (LATER + POLICY.retry).isoformat()}
    assert again == replace(asking, incident=asking.incident | said)
    with store._engine.connect() as connection:
        count = sqlalchemy.select(sqlalchemy.func.count()).where(events.c.kind == "recheck")
        assert connection.execute(count).scalar_one() == 1


def test_a_late_answer_to_another_question_answers_nothing(store):
    found = opened(store)
    (asking,) = store.take_rechecks(LATER, POLICY)
    store.rechecked(found, "01JD0000000000000000000000", LATER + DAY)
    assert store.incident(found).recheck_id == asking.id


def test_only_so_many_wait_for_an_answer_at_once(store):
    found = [opened(store, number, NOW + timedelta(seconds=number)) for number in range(5)]
    later = LATER + timedelta(minutes=1)
    first = store.take_rechecks(later, POLICY)
    assert [one.incident["id"] for one in first] == found[:3]
    assert asked(store, later) == []
    store.rechecked(found[1], first[1].id, later + DAY)
    assert asked(store, later) == [found[3]]


def test_what_no_check_can_answer_takes_nobodys_place(store):
    found = [opened(store, number, NOW + timedelta(seconds=number)) for number in range(5)]
    assert asked(store, LATER + timedelta(minutes=1), answerable=lambda one: one.id == found[4]) == [found[4]]
    assert store.incident(found[0]).recheck_id is None


# --- what is left alone ------------------------------------------------------------------------------------------


def test_what_is_over_is_not_asked_about(store):
    found = opened(store)
    store.resolve(found, as_of=NOW, who="check", now=NOW)
    assert asked(store) == []


def test_what_follows_from_something_is_not_asked_about_for_itself(store):
    cause, effect = opened(store, 1), opened(store, 2)
    store.attach(effect, cause, {"id": cause, "why": "test"}, By("test", NOW))
    assert asked(store) == [cause]


def test_what_is_held_is_not_asked_about(store):
    """A neighbour is held for a few seconds, should its link be the cause."""
    neighbor = replace(
        event(), kind="bgp_neighbor_down", problem="bgp_neighbor_down", subject=Subject("bgp_peer", "192.0.2.9")
    )
    (held,) = record(store, neighbor)
    assert held.incident["state"] == "held"
    assert asked(store) == []
    store.due(LATER)
    assert asked(store) == [held.incident["id"]]


def test_what_flaps_is_not_asked_about(store):
    for second in range(4):
        last = replace(down(at=NOW + timedelta(seconds=second)), phase=("raise", "clear")[second % 2])
        (said,) = record(store, last)
    assert said.flap["flapping"]
    assert asked(store) == []


def test_a_fault_that_came_back_is_asked_about_after_it_came_back(store):
    found = opened(store)
    assert asked(store) == [found]
    store.resolve(found, as_of=LATER, who="check", now=LATER)
    back_at = LATER + timedelta(seconds=60)
    assert opened(store, at=back_at) == found
    incident = store.incident(found)
    assert (incident.recheck_id, incident.recovered_at, incident.reopened_at) == (None, LATER, back_at)
    assert asked(store, back_at + DAY - timedelta(seconds=1)) == []
    assert asked(store, back_at + DAY) == [found]


# --- two replicas ------------------------------------------------------------------------------------------------


def want(store, incident_id, who="kei", at=NOW):
    with store.about(incident_id) as it:
        return it.ask_again(who, at)


NEVER = replace(POLICY, after=None)


def test_what_a_person_asks_for_is_asked_at_once_and_says_so_whatever_is_never_looked_at(store):
    wanted = opened(store)
    assert not store.recheck_wanted(NOW)
    assert store.take_rechecks(LATER, NEVER) == []
    assert want(store, wanted)
    assert store.recheck_wanted(NOW)
    (event,) = store.take_rechecks(NOW, NEVER)
    assert event.incident == {"id": wanted, "state": "new", "asked_by": "kei"}
    assert store.event_json(event.id)["incident"]["asked_by"] == "kei"
    validate(event.to_queue(), schema())
    assert not store.recheck_wanted(NOW)


def test_while_one_person_waits_for_it_another_need_not_ask(store):
    wanted = opened(store)
    assert want(store, wanted)
    assert not want(store, wanted, "yuki")
    (event,) = store.take_rechecks(NOW, POLICY)
    store.rechecked(wanted, event.id, NOW + DAY)
    assert want(store, wanted, "yuki", NOW + timedelta(seconds=1))


def test_what_is_over_cannot_be_asked_for(store):
    wanted = opened(store)
    store.resolve(wanted, as_of=NOW, who="cli:me", now=NOW)
    assert not want(store, wanted)


def test_what_was_asked_unasked_and_perhaps_left_alone_is_asked_anew_for_a_person(store):
    wanted = opened(store)
    (unasked,) = store.take_rechecks(LATER, POLICY)
    assert want(store, wanted, at=LATER)
    (event,) = store.take_rechecks(LATER, POLICY)
    assert event.id != unasked.id
    assert event.incident["asked_by"] == "kei"


def test_a_person_goes_first_and_may_ask_about_what_flaps(store):
    for number in range(1, 4):
        opened(store, number)
    for _ in range(4):
        record(store, down(9), event_up(9))
    restless = opened(store, 9)
    assert restless not in asked(store, LATER - DAY)
    assert want(store, restless, at=LATER)
    assert asked(store, policy=replace(POLICY, at_once=1)) == [restless]


def test_what_no_check_can_answer_is_not_waited_for(store):
    wanted = opened(store)
    want(store, wanted)
    assert asked(store, NOW, answerable=lambda _: False) == []
    assert store.incident(wanted).recheck_for is None
    assert want(store, wanted)


def test_one_who_asked_and_got_no_answer_is_not_forgotten(store):
    wanted = opened(store)
    want(store, wanted)
    (first,) = store.take_rechecks(NOW, NEVER)
    (again,) = store.take_rechecks(NOW + POLICY.retry, NEVER)
    assert (again.id, again.incident["asked_by"]) == (first.id, "kei")


def test_a_fault_that_came_back_forgets_who_asked_before(store):
    wanted = opened(store)
    want(store, wanted)
    store.resolve(wanted, as_of=NOW, who="cli:me", now=NOW)
    assert opened(store, at=NOW + timedelta(seconds=60)) == wanted
    assert store.incident(wanted).recheck_for is None


def test_two_replicas_at_the_same_instant_never_ask_about_the_same_fault(postgresql):
    stores = [Store.open(postgresql) for _ in range(2)]
    with stores[0]._engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
    found = {opened(stores[0], number) for number in range(60)}
    many, together = replace(POLICY, at_once=4), threading.Barrier(2)

    def replica(store):
        taken = []
        for _ in range(40):
            together.wait(60)
            asking = store.take_rechecks(LATER, many)
            taken += [one.incident["id"] for one in asking]
            for one in asking:
                store.rechecked(one.incident["id"], one.id, LATER + DAY)
        return taken

    with ThreadPoolExecutor(2) as threads:
        taken = [run.result(120) for run in [threads.submit(replica, store) for store in stores]]
    assert sorted(taken[0] + taken[1]) == sorted(found), "each once, by one of them"
    for store in stores:
        store.close()


# --- nobody answered ---------------------------------------------------------------------------------------------


def told(store, incident_id, key="parent"):
    store.posts.want(Post(f"{incident_id}/{key}", incident_id, "parent", "C0ALERTS01", {"text": "down"}, NOW))


def unanswered(store, now=LATER):
    return [one.id for one in store.unanswered(now, DAY)]


def test_what_lasts_and_nobody_acknowledged_is_unanswered_until_people_are_reminded(store):
    found = opened(store)
    told(store, found)
    assert unanswered(store, LATER - timedelta(seconds=1)) == []
    assert unanswered(store) == [found]
    told(store, found, f"unanswered/{store.incident(found).opened_by}")
    assert unanswered(store) == []


def test_what_nobody_was_told_of_or_somebody_has_is_not_unanswered(store):
    opened(store, 1)
    acknowledged = opened(store, 2)
    told(store, acknowledged)
    store.acknowledge(acknowledged, who="kei", now=NOW)
    assert unanswered(store) == []


def test_a_fault_that_came_back_counts_from_then_on_and_may_be_said_again(store):
    found = opened(store)
    told(store, found)
    told(store, found, f"unanswered/{store.incident(found).opened_by}")
    store.resolve(found, as_of=NOW, who="check", now=LATER)
    back_at = LATER + timedelta(seconds=60)
    opened(store, at=back_at)
    assert unanswered(store, back_at + timedelta(hours=1)) == []
    assert unanswered(store, back_at + DAY) == [found]
