"""The spool between its two ends: order, identity, acknowledgement, bounds, clocks, one writer."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest
from spooling import Hands, datagram, is_info, numbered, numbers, read_all, reader, writer

from fannel.intake.spool import Lost, SpoolFullError, SpoolId, SpoolOwnedError, SpoolUnreachableError

MIB = 2**20


@pytest.fixture
def ends(tmp_path):
    w, r = writer(tmp_path), reader(tmp_path)
    yield w, r
    w.close()
    r.close()


def test_what_was_appended_is_read_in_order_and_as_it_was(ends):
    w, r = ends
    batches = [numbered(0, 3), [datagram(b"", source="2001:db8::1")], numbered(4, 700)]
    ids = [w.append(batch, durable=durable).batch for batch, durable in zip(batches, (True, False, True), strict=True)]
    found = r.read(None, 10_000)
    assert [s.datagram for s in found] == [d for batch in batches for d in batch]
    assert [s.id for s in found] == sorted(s.id for s in found)
    assert [s.id for s in found] == [
        SpoolId(i, p) for i, batch in zip(ids, batches, strict=True) for p in range(len(batch))
    ]


def test_reading_goes_on_after_the_last_one_within_and_between_batches(ends):
    w, r = ends
    for first in range(0, 50, 10):
        w.append(numbered(first, 10), durable=False)
    seen, after = [], None
    while found := r.read(after, 7):
        seen += numbers(found)
        after = found[-1].id
    assert seen == list(range(50))


def test_what_is_not_acknowledged_is_read_again_with_the_same_identity_by_the_next_process(tmp_path):
    w, r = writer(tmp_path), reader(tmp_path)
    w.append(numbered(0, 20), durable=False)
    before = read_all(r)
    r.acknowledge(s.id for s in before[:5])
    w.close()
    r.close()
    w, r = writer(tmp_path), reader(tmp_path)
    assert read_all(r) == before[5:]
    w.tidy()
    assert w.depth() == r.depth() == 15
    w.close()
    r.close()


def test_acknowledging_in_any_order_frees_a_batch_when_its_last_one_is_handled(ends):
    w, r = ends
    w.append(numbered(0, 10), durable=False)
    w.append(numbered(10, 10), durable=False)
    held = w.octets()
    ids = [s.id for s in read_all(r)]
    r.acknowledge(reversed(ids[1:]))
    assert numbers(read_all(r)) == [0]
    w.tidy()
    assert (w.depth(), r.depth()) == (1, 1)
    assert w.octets() == held / 2
    r.acknowledge([ids[0], ids[0], SpoolId(12345, 6)])
    w.tidy()
    assert (w.depth(), r.depth(), w.octets(), r.octets()) == (0, 0, 0, 0)


def test_acknowledgements_are_forgotten_with_their_batch(tmp_path):
    w, r = writer(tmp_path), reader(tmp_path)
    for first in range(0, 100, 10):
        w.append(numbered(first, 10), durable=False)
    r.acknowledge(s.id for s in read_all(r))
    w.tidy()
    assert r._acknowledgements.all() == {}


def test_a_number_is_not_given_twice_though_everything_was_handled(tmp_path):
    given = []
    for _ in range(3):
        w, r = writer(tmp_path, hands=Hands()), reader(tmp_path)
        given.append(w.append(numbered(0, 1), durable=False).batch)
        r.acknowledge(s.id for s in read_all(r))
        w.tidy()
        w.close()
        r.close()
    assert len(set(given)) == 3
    assert given == sorted(given)


def test_an_identity_is_ten_octets_that_sort_like_it():
    ids = [SpoolId(1, 0), SpoolId(1, 65_535), SpoolId(2, 0), SpoolId(2**51, 7)]
    assert [i.octets() for i in ids] == sorted(i.octets() for i in ids)
    assert {len(i.octets()) for i in ids} == {10}


def test_an_empty_batch_is_no_batch_and_a_longer_one_than_positions_is_refused(ends):
    w, r = ends
    assert w.append([], durable=True).batch is None
    with pytest.raises(ValueError, match="65536"):
        w.append([datagram()] * 65_537, durable=False)
    w.append([datagram(b"")] * 65_536, durable=False)
    assert read_all(r)[-1].id.position == 65_535


# --- waiting -----------------------------------------------------------------------------------------------------


def test_a_reader_that_waits_is_woken_by_an_append(ends):
    w, r = ends
    w.append(numbered(0, 1), durable=False)
    last = read_all(r)[-1].id
    assert r.wait(None, 0)
    assert not r.wait(last, 0.01)
    timer = threading.Timer(0.1, lambda: w.append(numbered(1, 1), durable=False))
    start = time.monotonic()
    timer.start()
    assert r.wait(last, 10)
    assert time.monotonic() - start < 5
    assert numbers(r.read(last, 10)) == [1]


def test_a_reader_may_come_before_the_spool(tmp_path):
    r = reader(tmp_path / "later")
    assert (r.read(None, 10), r.depth(), r.oldest_s(), r.wait(None, 0.01)) == ([], 0, 0.0, False)
    w = writer(tmp_path / "later")
    w.append(numbered(0, 1), durable=False)
    assert r.wait(None, 0)
    assert numbers(read_all(r)) == [0]
    r.close()
    w.close()


def test_closing_wakes_who_waits_and_refuses_further_use(ends):
    w, r = ends
    threading.Timer(0.05, r.close).start()
    start = time.monotonic()
    assert not r.wait(None, 30)
    assert time.monotonic() - start < 10
    w.close()
    w.close()
    with pytest.raises(SpoolUnreachableError, match="closed"):
        r.read(None, 1)
    with pytest.raises(SpoolUnreachableError, match="closed"):
        w.append(numbered(0, 1), durable=False)


# --- bounds ------------------------------------------------------------------------------------------------------


def test_when_full_the_oldest_infos_go_before_the_oldest_of_all(tmp_path):
    w, r = writer(tmp_path, octets=MIB), reader(tmp_path)
    mixed = [datagram(b"info" + bytes(996)), datagram(b"raise" + bytes(995))] * 100
    assert [w.append(mixed, durable=False).lost for _ in range(4)] == [()] * 4
    lost = []
    for _ in range(12):
        lost += w.append(mixed, durable=False).lost
        assert w.octets() <= MIB
    assert lost[0].reason == "spool_full_info"
    kept = [s.datagram for s in read_all(r)]
    # Only the newest batch may still have infos, and nobody vanished uncounted.
    assert not any(is_info(d) for d in kept[:-200])
    assert len(kept) + sum(entry.datagrams for entry in lost) == 16 * 200
    assert w.depth() == r.depth() == len(kept)
    w.close()
    r.close()


def test_when_full_without_infos_the_oldest_batch_goes(tmp_path):
    w, r = writer(tmp_path, octets=MIB), reader(tmp_path)
    receipts = [w.append(numbered(n * 100, 100, 1000), durable=False) for n in range(30)]
    lost = [entry for receipt in receipts for entry in receipt.lost]
    assert {entry.reason for entry in lost} == {"spool_full"}
    kept = numbers(read_all(r))
    assert kept == list(range(sum(entry.datagrams for entry in lost), 3000))
    w.close()
    r.close()


def test_what_a_reader_handled_is_not_lost_when_it_makes_room(tmp_path):
    w, r = writer(tmp_path, octets=MIB, hands=Hands()), reader(tmp_path)
    for n in range(9):
        w.append(numbered(n * 100, 100, 1000), durable=False)
    ids = [s.id for s in read_all(r)]
    r.acknowledge([*ids[:100], *ids[100:150]])
    receipts = [w.append(numbered(n * 100, 100, 1000), durable=False) for n in range(9, 12)]
    assert [receipt.lost for receipt in receipts] == [(), (), (Lost("spool_full", 50),)]
    w.close()
    r.close()


def test_infos_are_asked_for_only_when_full_once_each_and_no_longer_than_allowed(tmp_path):
    asked = []
    w = writer(tmp_path, octets=MIB, sift_most=250)
    w._is_info = lambda found: asked.append(found) or False
    for n in range(9):
        w.append(numbered(n * 100, 100, 1000), durable=False)
    assert not asked
    w.append(numbered(900, 100, 1000), durable=False)
    w.append(numbered(1000, 100, 1000), durable=False)
    assert len(asked) == 300
    for n in range(11, 30):
        w.append(numbered(n * 100, 100, 1000), durable=False)
    payloads = [found.payload for found in asked]
    assert len(payloads) == len(set(payloads))
    w.close()


def test_a_batch_that_could_never_fit_is_refused_and_nothing_goes_for_it(tmp_path):
    w = writer(tmp_path, octets=MIB)
    w.append(numbered(0, 100), durable=False)
    with pytest.raises(SpoolFullError, match=r"raise spool\.octets"):
        w.append(numbered(100, 100, 20_000), durable=False)
    assert w.depth() == 100
    w.close()


def test_the_file_stays_near_its_bound_and_shrinks_when_all_is_handled(tmp_path):
    w, r = writer(tmp_path, octets=24 * MIB), reader(tmp_path)
    for n in range(250):
        w.append(numbered(n * 1000, 1000), durable=False)
    size = sum(path.stat().st_size for path in tmp_path.iterdir())
    assert size < 24 * MIB * 1.2 + 2 * 8 * MIB
    while found := r.read(None, 50_000):
        r.acknowledge(s.id for s in found)
        w.tidy()
    assert w.depth() == 0
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < MIB
    w.append(numbered(0, 10), durable=False)
    assert numbers(read_all(r)) == list(range(10))
    w.close()
    r.close()


# --- clocks ------------------------------------------------------------------------------------------------------


def test_what_is_too_old_goes_the_oldest_first_and_is_counted(tmp_path):
    hands = Hands()
    w, r = writer(tmp_path, age_s=60, hands=hands), reader(tmp_path)
    for n in range(3):
        w.append(numbered(n, 1), durable=False)
        hands.pass_(30)
    assert w.oldest_s() == pytest.approx(90)
    assert w.tidy().lost == (Lost("spool_age", 1),)
    assert numbers(read_all(r)) == [1, 2]
    hands.pass_(31)
    assert w.append(numbered(3, 1), durable=False).lost == (Lost("spool_age", 2),) or w.depth() == 1
    w.close()
    r.close()


@pytest.mark.parametrize("jump", [-3600, 3600, 10 * 365 * 86_400])
def test_a_clock_that_jumps_evicts_nothing_and_changes_no_order(tmp_path, jump):
    hands = Hands()
    w, r = writer(tmp_path, age_s=600, hands=hands), reader(tmp_path)
    w.append(numbered(0, 1), durable=False)
    hands.wall += jump
    hands.monotonic += 10
    assert w.tidy().lost == w.append(numbered(1, 1), durable=False).lost == ()
    hands.wall -= jump
    hands.monotonic += 10
    assert w.append(numbered(2, 1), durable=False).lost == ()
    assert numbers(read_all(r)) == [0, 1, 2]
    assert w.oldest_s() == pytest.approx(20)
    w.close()
    r.close()


def test_a_clock_that_went_back_over_a_restart_evicts_nothing_and_changes_no_order(tmp_path):
    hands = Hands()
    w = writer(tmp_path, age_s=600, hands=hands)
    w.append(numbered(0, 1), durable=False)
    w.close()
    hands.wall -= 3600
    hands.monotonic = 5.0
    w, r = writer(tmp_path, age_s=600, hands=hands), reader(tmp_path)
    assert w.append(numbered(1, 1), durable=False).lost == ()
    hands.pass_(599)
    assert w.tidy().lost == ()
    assert numbers(read_all(r)) == [0, 1]
    hands.pass_(2)
    assert w.tidy().lost == (Lost("spool_age", 2),)
    w.close()
    r.close()


# --- one writer --------------------------------------------------------------------------------------------------


def test_a_second_writer_is_told_who_the_first_is(tmp_path):
    code = (
        "import sys, pathlib\nfrom fannel.intake.spool import open_writer\n"
        "w = open_writer(pathlib.Path(sys.argv[1]), is_info=lambda d: False)\n"
        "print('open', flush=True)\nsys.stdin.read()"
    )
    first = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert first.stdout.readline() == "open\n"
        with pytest.raises(SpoolOwnedError, match=rf"process {first.pid} writes to this spool"):
            writer(tmp_path)
    finally:
        first.kill()
        first.communicate()
    writer(tmp_path).close()


def test_a_second_writer_in_the_same_process_is_refused_too(ends, tmp_path):
    with pytest.raises(SpoolOwnedError):
        writer(tmp_path)


def test_several_readers_see_each_others_acknowledgements(ends, tmp_path):
    w, r = ends
    w.append(numbered(0, 10), durable=False)
    with_r = reader(tmp_path)
    ids = [s.id for s in read_all(r)]
    r.acknowledge(ids[:3])
    with_r.acknowledge(ids[3:6])
    assert numbers(read_all(r)) == numbers(read_all(with_r)) == [6, 7, 8, 9]
    with_r.close()
