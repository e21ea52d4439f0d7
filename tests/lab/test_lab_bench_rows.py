"""What the rows of the bench make of what they measured, without measuring."""

import pytest

from fannel.intake.spool import open_reader
from fannel.lab.bench import memory, queue, stack, sustained
from fannel.lab.bench.bench import Bench
from fannel.lab.bench.processes import Memory


def trial(rate, *, limit=10**9, sender_limit=10**9, **changes):
    """What a receiver that loses beyond `limit` makes of traps at `rate`."""
    offered = min(rate, sender_limit)
    sent = int(offered)
    kept = min(sent, limit)
    facts = {
        "sent": sent,
        "offered": offered,
        "rate": offered,
        "after_last_s": 0.1,
        "in_spool": kept,
        "kernel": {"socket": sent - kept, "machine": sent - kept},
        "counters": {"received": sent, "spooled": kept} | ({"lost.kernel": sent - kept} if sent > kept else {}),
        "cpu": 0.5,
        "sender_cpu": 0.5,
        "wanted": rate,
    }
    return sustained.Trial(**(facts | changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"in_spool": 99},
        {"kernel": {"socket": 1, "machine": 0}},
        {"kernel": {"socket": 0, "machine": 1}},
        {"counters": {"received": 100, "spooled": 99}},
        {"counters": {"received": 99, "spooled": 100}},
        {"counters": {"received": 100, "spooled": 100, "lost.buffer_full": 1}},
        {"counters": {"received": 100, "spooled": 100, "rejected.defect": 1}},
        {"counters": {}},
    ],
)
def test_one_place_that_says_otherwise_makes_a_trial_lossy(changes):
    assert trial(100).lossless
    assert not trial(100, **changes).lossless


@pytest.fixture
def highest(monkeypatch, tmp_path):
    def find(**machine):
        tried = []

        def tried_(_bench, rate, seconds):
            tried.append((round(rate), seconds))
            return trial(rate, **machine)

        monkeypatch.setattr(sustained, "_tried", tried_)
        return sustained._highest(Bench(tmp_path, lambda *_: ([], {}), seconds=30)), tried

    return find


@pytest.mark.parametrize("limit", [80_000, 100_000, 150_000])
def test_the_highest_lossless_rate_is_found_and_held_for_the_whole_time(highest, limit):
    best, tried = highest(limit=limit)
    assert best.lossless
    assert limit / sustained.UP < best.rate <= limit
    assert (round(best.rate), 30) in tried


def test_below_what_is_required_a_lower_rate_is_sought(highest):
    best, _ = highest(limit=60_000)
    assert best.lossless
    assert 60_000 * sustained.DOWN < best.rate <= 60_000


def test_where_every_rate_loses_the_search_ends(highest):
    best, tried = highest(limit=10)
    assert not best.lossless
    assert len(tried) <= 1 + sustained.MOST_TRIALS


def test_a_sender_that_is_the_limit_itself_is_said(highest):
    best, tried = highest(sender_limit=50_000)
    assert best.rate == 50_000
    assert "no CPU for 80,000/s" in best.text()
    assert len(tried) <= 2


def course(*held):
    octets = [int(mb * 1e6) for mb in held]
    return memory.Course([(n / (len(held) - 1), Memory(0, one, 0, one)) for n, one in enumerate(octets)])


def test_growth_is_counted_from_after_the_warm_up():
    warmed_up_then_flat = course(10, 30, 50, 60, *[70] * 17)
    assert warmed_up_then_flat.growth_mb == 0
    assert warmed_up_then_flat.most_mb == 70


def test_what_grows_to_the_end_is_seen():
    assert course(*range(100, 201)).growth_mb == pytest.approx(65, abs=2)


def test_the_jvm_is_no_part_of_the_process():
    held = memory.Course([(0.3, Memory(0, 200_000_000, 60_000_000)), (1.0, Memory(0, 290_000_000, 150_000_000))])
    assert (held.growth_mb, held.most_mb, held.jvm_mb) == (0, 140, 150)


def test_a_run_that_did_not_get_to_its_end_shows_no_growth(tmp_path):
    bench = Bench(tmp_path, lambda *_: ([], {}), traps=1000)
    growth, most = memory._figures(bench, "observer", course(*[60] * 20), handled=400)
    assert (growth.verdict, growth.measured) == ("missed", None)
    assert "only 400 of 1,000" in growth.beside
    assert most.verdict == "met"


def test_the_rules_are_the_shipped_ones_with_nothing_to_do():
    (ruleset,) = stack.rulebook({"timed": {"count": 1}})
    assert len(ruleset["rules"]) > 5
    assert {str(rule["action"]) for rule in ruleset["rules"]} == {"{'none': {}}"}
    assert all(rule["condition"] for rule in ruleset["rules"])
    assert ruleset["sources"] == [{"name": "source", "timed": {"count": 1}}]


def test_a_filled_spool_holds_the_traps_of_devices_that_pagoda_knows(tmp_path, monkeypatch):
    monkeypatch.setattr(queue, "EVENTS", 1500)
    queue.fill(tmp_path)
    reader = open_reader(tmp_path)
    held = reader.read(None, 5000)
    reader.close()
    known = {device["management_ip"] for device in stack.network(stack.DEVICES)["devices"].values()}
    assert len(held) == 1500
    assert {one.datagram.source for one in held} <= known
    assert len({(one.datagram.source, one.datagram.payload) for one in held}) == queue.DEVICES * queue.INTERFACES
