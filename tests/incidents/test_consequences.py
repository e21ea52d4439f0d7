"""Flap and correlation in the record: what the rules are asked about, when, and what is shown as somebody else's."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy
from databases import empty
from events import NOW, event
from ulid import ULID

from fannel.event import Subject
from fannel.incidents.store import Store
from fannel.incidents.store.tables import flaps

HOLD_S, OUTLIVES_S = 5, 30
RT1, RT2 = "rt-tyo-01.example.net", "rt-osa-01.example.net"


@pytest.fixture
def store(url):
    opened = Store.open(url)
    empty(opened)
    yield opened
    opened.close()


def at(seconds):
    return NOW + timedelta(seconds=seconds)


def link(phase="raise", after_s=0.0, host=RT1, port="GigabitEthernet0/1", peer=None):
    made = event(phase=phase, at=at(after_s), host=host)
    return replace(made, subject=Subject("interface", port, ifindex=3, peer=peer))


def bgp(phase="raise", after_s=0.0, host=RT1, peer="192.0.2.2"):
    return replace(
        event(phase=phase, at=at(after_s), host=host),
        kind="bgp_neighbor_down" if phase == "raise" else "bgp_neighbor_up",
        problem="bgp_neighbor_down",
        subject=Subject("bgp_neighbor", peer, peer=peer),
    )


def restart(after_s=0.0, host=RT1):
    return replace(event(phase="info", at=at(after_s), host=host), subject=Subject("device"))


def told(store, *observed):
    """What the rules are told of these events, recorded one by one."""
    return [store.record([(one, b"raw")])[0].incident for one in observed]


def state(store, told_of):
    return store.incident(told_of["id"]).state


# --- hold-down and cause ------------------------------------------------------------------------------------------


def test_what_follows_from_something_with_a_name_that_is_no_text_is_on_record(store):
    """One packet names an interface; PostgreSQL has no NUL in a text, and no database half a surrogate pair."""
    odd = link(port="Gi\ud800\0/1")
    line = replace(link(port="Gi\ud800\0/1", after_s=1), problem="line_protocol_down", trap={"name": "\ud800\0"})
    _, attached = told(store, odd, line)
    assert attached["state"] == "attached"
    assert store.incident(attached["id"]).notification == "?\ufffd"
    *_, change = store.history(attached["id"])
    assert (change.what, change.why) == ("attached", "the line protocol of Gi?\ufffd/1")


def test_a_neighbour_alone_waits_a_few_seconds_and_is_then_asked_about_once(store):
    (lost,) = told(store, bgp())
    assert lost["state"] == "held"
    assert store.due(at(HOLD_S - 1)) == []
    (asking,) = store.due(at(HOLD_S))
    assert asking.incident == {"id": lost["id"], "state": "new"}
    assert asking.kind == "bgp_neighbor_down"
    assert store.due(at(HOLD_S + 1)) == []


@pytest.mark.parametrize("together", [True, False], ids=["one batch", "two batches"])
@pytest.mark.parametrize("order", ["cause first", "cause last"])
def test_in_whatever_order_they_come_the_cause_is_asked_about_and_the_consequence_is_attached(store, order, together):
    observed = [link(after_s=1), bgp(after_s=1.5)] if order == "cause first" else [bgp(), link(after_s=1)]
    if together:
        store.record([(one, b"") for one in observed])
    else:
        told(store, *observed)
    cable, lost = told(store, link(after_s=2), bgp(after_s=2))
    assert cable["state"] == "open"
    assert lost["state"] == "attached"
    assert lost["cause"] == {"id": cable["id"], "why": "at the same time as GigabitEthernet0/1"}
    assert store.due(at(3600)) == []


def test_a_link_that_is_down_is_asked_about_at_once(store):
    assert told(store, link())[0]["state"] == "new"


def test_the_far_end_of_the_same_link_is_attached_and_its_neighbours_to_the_same_cause(store):
    near = link(peer=f"{RT2} GigabitEthernet0/2")
    far = link(host=RT2, port="GigabitEthernet0/2", after_s=0.1)
    cable, end, lost = told(store, near, far, bgp(host=RT2, after_s=0.2, peer="192.0.2.1"))
    assert (cable["state"], end["state"], lost["state"]) == ("new", "attached", "attached")
    assert end["cause"]["id"] == lost["cause"]["id"] == cable["id"]


def test_the_same_link_is_known_when_only_the_far_end_names_its_peer(store):
    cable, end = told(store, link(), link(host=RT2, port="eth2", peer=f"{RT1} Gi0/1"))
    assert end["cause"]["id"] == cable["id"]


def test_an_attached_problem_that_clears_is_over_without_a_word(store):
    _, lost, _ = told(store, link(), bgp(after_s=1), bgp("clear", after_s=60))
    assert state(store, lost) == "new"
    assert store.due(at(66)) == []
    assert state(store, lost) == "resolved"


def test_a_held_problem_that_clears_in_time_is_over_without_a_word(store):
    lost, _ = told(store, bgp(), bgp("clear", after_s=2))
    assert store.due(at(HOLD_S)) == []
    assert state(store, lost) == "resolved"


def test_an_attached_problem_that_outlives_its_cause_is_asked_about_on_its_own(store):
    cable, lost = told(store, link(), bgp(after_s=1))
    assert store.due(at(100)) == []
    store.resolve(cable["id"], as_of=at(100), who="check", now=at(100))
    assert store.due(at(101)) == []
    assert store.due(at(100 + OUTLIVES_S)) == []
    (asking,) = store.due(at(101 + OUTLIVES_S))
    assert asking.incident == {"id": lost["id"], "state": "new"}
    assert [line.what for line in store.history(lost["id"])] == ["opened", "attached", "detached"]


def test_an_attached_problem_stays_with_a_cause_that_came_back(store):
    cable, _ = told(store, link(), bgp(after_s=1))
    store.resolve(cable["id"], as_of=at(10), who="check", now=at(10))
    assert store.due(at(11)) == []
    assert told(store, link(after_s=20))[0] == {"id": cable["id"], "state": "new"}
    assert store.due(at(10_000)) == []


def turns_of(store, incident):
    with store.about(incident["id"]) as it:
        return it.turns()


def test_of_what_flaps_the_latest_changes_are_told_and_what_says_the_same_again_is_none(store):
    phases = ["raise", "raise", *["clear", "raise", "raise"] * 6, "clear", "clear"]
    (first, *_) = told(store, *(link(phase, after_s=number) for number, phase in enumerate(phases)))
    turns = turns_of(store, first)
    changed = [n for n, phase in enumerate(phases) if n == 0 or phase != phases[n - 1]]
    assert [turn.at for turn in turns] == [at(number) for number in changed[-8:]]
    assert [turn.there for turn in turns] == [phases[number] == "raise" for number in changed[-8:]]


def test_of_a_storm_of_repeats_no_change_is_made_up(store):
    flapping = [link(("raise", "clear")[n % 2], after_s=n - 100) for n in range(21)]
    repeats = [link(after_s=number) for number in range(150)]
    *_, one = told(store, *flapping, *repeats)
    assert turns_of(store, one) == ()


def test_what_is_held_or_attached_is_not_asked_about_after_a_restart(store):
    cable, _, _ = told(store, link(), bgp(after_s=1), bgp(host=RT2))
    assert [one["incident"]["id"] for one in store.unfinished()] == [cable["id"]]


def test_an_event_that_is_read_again_is_told_as_it_was(store):
    lost = bgp()
    first = store.record([(lost, b"")])[0]
    told(store, link(after_s=1))
    assert store.record([(lost, b"")])[0] == first


# --- a restart ----------------------------------------------------------------------------------------------------


def test_after_a_restart_links_are_the_restarts_until_it_should_be_over(store):
    told(store, restart())
    stays, comes, _ = told(
        store,
        link(after_s=40),
        link(after_s=40, port="GigabitEthernet0/2"),
        link("clear", after_s=50, port="GigabitEthernet0/2"),
    )
    assert stays == {**stays, "state": "attached", "cause": {"why": "the device restarted 40 s before"}}
    assert store.due(at(170)) == []
    (asking,) = store.due(at(181))
    assert asking.incident == {"id": stays["id"], "state": "new"}
    assert state(store, comes) == "resolved"


def test_after_a_restart_no_link_flaps(store):
    told(store, restart())
    for n in range(12):
        recorded = store.record([(link("clear" if n % 2 else "raise", after_s=n + 1), b"")])[0]
    assert recorded.flap is None


def test_a_restart_explains_nothing_of_another_device_nor_for_ever(store):
    told(store, restart())
    assert [one["state"] for one in told(store, link(host=RT2, after_s=1), link(after_s=600))] == ["new", "new"]


# --- flap ---------------------------------------------------------------------------------------------------------


def flapping(store, changes=6, **more):
    """A link that changed so often, a second apart; the last event as it is on record."""
    for n in range(changes):
        recorded = store.record([(link("clear" if n % 2 else "raise", after_s=n, **more), b"")])[0]
    return recorded


def test_the_sixth_quick_change_is_told_as_flapping_and_the_next_raise_asks_nobody(store):
    assert flapping(store, 5).flap["flapping"] is False
    assert store.record([(link("clear", after_s=5), b"")])[0].flap["flapping"] is True
    again = store.record([(link(after_s=600), b"")])[0]
    assert (again.flap["transitions"], again.incident["state"]) == (7, "open")


def test_a_restless_fault_survives_a_restart_of_fannel(store, url):
    flapping(store)
    other = Store.open(url)
    assert other.record([(link(after_s=7), b"")])[0].flap["transitions"] == 7
    other.close()


def test_an_event_that_is_read_again_is_no_change(store):
    observed = [link("clear" if n % 2 else "raise", after_s=n) for n in range(4)]
    for one in observed + observed:
        store.record([(one, b"")])
    assert store.record([(link(after_s=5), b"")])[0].flap["transitions"] == 5


@pytest.mark.parametrize(("changes", "phase", "asked"), [(6, "clear", "open"), (7, "raise", "new")])
def test_when_it_is_calm_its_last_word_is_put_to_the_rules_once(store, changes, phase, asked):
    last = flapping(store, changes)
    store.answer(last.incident["id"], who="me", now=at(1))
    assert store.due(at(15 * 60)) == []
    (said,) = store.due(at(20 * 60 + 10))
    assert (said.phase, said.incident["state"]) == (phase, asked)
    assert said.flap == {"flapping": False, "transitions": changes, "window_s": 0}
    assert said.id != last.id
    assert store.event_json(said.id)["flap"] == said.flap
    assert store.due(at(60 * 60)) == []


def test_a_consequence_that_flapped_with_its_cause_waits_for_calm(store):
    cable, lost = told(store, link(), bgp(after_s=1))
    for n in range(7):
        told(store, bgp("raise" if n % 2 else "clear", after_s=2 + n))
    store.resolve(cable["id"], as_of=at(10), who="check", now=at(10))
    asked = [one for seconds in range(10, 300, 5) for one in store.due(at(seconds))]
    assert asked == []
    told(store, bgp(after_s=400), bgp("clear", after_s=401))
    asked = [one for seconds in range(402, 450, 5) for one in store.due(at(seconds))]
    assert [one.incident for one in asked] == [{"id": lost["id"], "state": "new"}]


def test_what_has_been_calm_for_long_is_forgotten_and_what_flaps_is_not(store):
    flapping(store)
    told(store, link(host=RT2))
    store.forget_calm(at(3600))
    with store._engine.connect() as connection:
        kept = connection.execute(sqlalchemy.select(flaps.c.fingerprint)).scalars().all()
    assert kept == [f"{RT1}/interface_down/GigabitEthernet0/1"]


def test_what_is_due_is_found_by_index(tmp_path):
    store = Store.open(f"sqlite:///{tmp_path}/f.sqlite3")
    asked = []
    sqlalchemy.event.listen(
        store._engine, "before_cursor_execute", lambda _c, _cu, statement, given, *_: asked.append((statement, given))
    )
    assert store.due(NOW) == []
    plans = []
    with store._engine.connect() as connection:
        for statement, given in [one for one in asked if not one[0].startswith("BEGIN")]:
            plans += [row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)]
    assert [plan for plan in plans if plan.startswith("SCAN") and "flaps" not in plan] == []
    store.close()


def test_ids_of_what_is_said_again_sort_after_what_was_said(store):
    last = flapping(store)
    (said,) = store.due(at(20 * 60 + 10))
    assert ULID.from_str(said.id).timestamp > last.received_at.timestamp()
