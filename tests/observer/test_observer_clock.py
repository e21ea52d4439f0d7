"""A wall clock that is set back an hour while notifications come: all are on record and told in the order they came."""

from __future__ import annotations

import sqlite3
from datetime import timedelta

from observing import LINK_UP, Observing, link, now

from fannel.intake.storm import StormPolicy

HOUR = timedelta(hours=1)


def test_set_back_an_hour_every_state_change_is_told_in_order_and_recorded_once(tmp_path):
    at = now()
    datagrams = [
        link(at=at),
        link(LINK_UP, at=at - HOUR),
        link(at=at - HOUR + timedelta(seconds=1)),
        link(index=4, at=at - HOUR + timedelta(seconds=2)),
    ]
    with Observing(tmp_path, policy=StormPolicy(window_s=1, source_limit=None)) as observer:
        observer.receive(*datagrams)
        events = [observer.event() for _ in datagrams]
        observer.until(lambda: observer.depth() == 0)
    of_one = [event["phase"] for event in events if event["subject"]["ifindex"] == 3]
    assert of_one == ["raise", "clear", "raise"]
    assert len({event["id"] for event in events}) == len(datagrams)
    with sqlite3.connect(tmp_path / "fannel.sqlite3") as database:
        opened = database.execute("SELECT fingerprint, raises FROM incidents ORDER BY fingerprint").fetchall()
    assert [raises for _, raises in opened] == [2, 1]


def test_what_came_before_the_clock_was_set_back_is_not_told_again_after_a_restart(tmp_path):
    at = now()
    with Observing(tmp_path) as observer:
        observer.receive(link(LINK_UP, at=at), link(LINK_UP, index=4, at=at - HOUR))
        for _ in range(2):
            observer.event()
        observer.until(lambda: observer.depth() == 0)
    with Observing(tmp_path) as observer:
        assert observer.silent()
