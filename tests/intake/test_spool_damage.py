"""A damaged file is set aside and what is readable carried over; it is said once, nothing is deleted."""

from __future__ import annotations

import random
import shutil

import pytest
from spooling import Hands, numbered, numbers, read_all, reader, writer

from fannel.intake.spool import SpoolDamagedError, salvage

SPOOL = "spool.sqlite"
PAGE = 4096


def filled(directory, batches=50, count=20, **options):
    """A closed spool of so many batches; its datagrams are numbered from 0."""
    w = writer(directory, **options)
    for n in range(batches):
        w.append(numbered(n * count, count), durable=False)
    w.close()
    return list(range(batches * count))


def spoil(path, page, octets=b"\xde\xad\xbe\xef" * 16):
    with path.open("r+b") as file:
        file.seek(page * PAGE)
        file.write(octets)


def set_aside(directory):
    return sorted(path.name for path in directory.glob("spool-damaged-*.sqlite"))


def mend(directory, **options):
    """Open it, find the damage one way or another, and give back the news and what is left."""
    w, r = writer(directory, **options), reader(directory)
    news = [*w.tidy().set_aside]
    try:
        left = read_all(r)
    except SpoolDamagedError:
        news += w.tidy().set_aside
        left = read_all(r)
    assert w.tidy().set_aside == ()
    assert w.append(numbered(10_000, 1), durable=True).set_aside == ()
    after = r.read(left[-1].id if left else None, 10)
    assert numbers(after) == [10_000], "what comes after the damage is read after what came before it"
    w.close()
    r.close()
    return news, left


def test_when_it_is_not_a_database_it_should_begin_afresh(tmp_path):
    filled(tmp_path)
    (tmp_path / SPOOL).write_bytes(b"this is not a database\n" * 1000)
    (news,), left = mend(tmp_path)
    assert (left, news.salvaged, news.lost) == ([], 0, None)
    assert "not a database" in news.reason
    assert (tmp_path / set_aside(tmp_path)[0]).read_bytes().startswith(b"this is not")


def test_when_it_is_truncated_to_nothing_it_should_say_so(tmp_path):
    filled(tmp_path)
    (tmp_path / SPOOL).write_bytes(b"")
    (news,), left = mend(tmp_path)
    assert left == []
    assert "truncated" in news.reason
    assert len(set_aside(tmp_path)) == 1


@pytest.mark.parametrize("pages", [1, 2, 3, 10, 40])
def test_when_the_end_is_torn_off_it_should_salvage_the_rest(tmp_path, pages):
    everything = filled(tmp_path)
    path = tmp_path / SPOOL
    with path.open("r+b") as file:
        file.truncate(max(0, path.stat().st_size - pages * PAGE - 100))
    (news,), left = mend(tmp_path)
    assert news.salvaged == len(left)
    assert set(numbers(left)) < set(everything)
    if pages <= 10:
        assert len(left) >= 500


@pytest.mark.parametrize("seed", range(12))
def test_when_a_page_is_garbage_it_should_lose_no_more_than_that_page(tmp_path, seed):
    everything = filled(tmp_path)
    path = tmp_path / SPOOL
    # The first page is the header, and the roots of the tables follow: everything hangs below those.
    page = random.Random(seed).randrange(3, path.stat().st_size // PAGE)
    spoil(path, page, random.Random(seed).randbytes(PAGE))
    news, left = mend(tmp_path)
    assert len(news) == 1
    lost = set(everything) - set(numbers(left))
    assert set(numbers(left)) <= set(everything)
    assert 0 < len(lost) <= 8 * 20, "a page holds at most so many batches' beginnings"
    assert news[0].salvaged == len(left)


@pytest.mark.parametrize("page", [0, 1, 2])
def test_when_a_root_page_is_garbage_it_should_go_on_all_the_same(tmp_path, page):
    filled(tmp_path)
    spoil(tmp_path / SPOOL, page, bytes(range(256)) * 16)
    news, _ = mend(tmp_path)
    assert len(news) == 1


def test_one_flipped_bit_in_a_payload_is_found_and_costs_its_batch(tmp_path):
    everything = filled(tmp_path)
    content = (tmp_path / SPOOL).read_bytes()
    at = content.index(b"00000111") + 50
    (tmp_path / SPOOL).write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
    (news,), left = mend(tmp_path)
    assert numbers(left) == [n for n in everything if not 100 <= n < 120]
    assert "checksum" in news.reason
    assert (news.salvaged, news.lost) == (980, 20)


def test_what_is_salvaged_keeps_its_identity_and_what_is_handled_stays_handled(tmp_path):
    filled(tmp_path)
    r = reader(tmp_path)
    before = read_all(r)
    r.acknowledge(s.id for s in before[:130])
    r.close()
    content = (tmp_path / SPOOL).read_bytes()
    at = content.index(b"00000999") + 50
    (tmp_path / SPOOL).write_bytes(content[:at] + b"\xff" + content[at + 1 :])
    # The clock is back by years: numbers go on from what is known, not from the clock.
    _, left = mend(tmp_path, hands=Hands(wall=1_000_000_000.0))
    assert left == before[130:-20]


def test_when_a_running_spool_is_damaged_the_append_should_succeed_and_say_it(tmp_path):
    w, r = writer(tmp_path), reader(tmp_path)
    w.append(numbered(0, 20), durable=True)
    w.close()
    w = writer(tmp_path)
    # Damage behind the connection's back: the pages it has cached are dropped by another writer's change.
    spoil(tmp_path / SPOOL, 0, b"\0" * 100)
    w._connection.execute("PRAGMA shrink_memory")
    receipts = [w.append(numbered(n * 20, 20), durable=True) for n in range(1, 4)]
    news = [entry for receipt in receipts for entry in receipt.set_aside]
    found = read_all(r)
    assert len(news) <= 1
    assert numbers(found)[-60:] == list(range(20, 80))
    w.close()
    r.close()


def test_when_the_file_vanishes_it_should_say_how_much_went_with_it(tmp_path):
    w, r = writer(tmp_path), reader(tmp_path)
    first = w.append(numbered(0, 20), durable=True).batch
    (tmp_path / SPOOL).unlink()
    receipt = w.append(numbered(20, 5), durable=True)
    (news,) = receipt.set_aside
    assert (news.path, news.lost, news.salvaged) == (None, 20, 0)
    assert receipt.batch > first
    assert numbers(read_all(r)) == list(range(20, 25))
    assert w.depth() == 5
    w.close()
    r.close()


def test_a_readers_note_about_a_file_that_is_gone_is_no_reason_to_set_another_aside(tmp_path):
    filled(tmp_path)
    salvage.leave_note(tmp_path, "batch 7 fails its checksum")
    copy = tmp_path / "copy"
    shutil.copy(tmp_path / SPOOL, copy)
    copy.replace(tmp_path / SPOOL)
    w = writer(tmp_path)
    assert w.tidy().set_aside == ()
    assert w.depth() == 1000
    w.close()


def test_damaged_acknowledgements_are_set_aside_and_all_is_read_again(tmp_path):
    w, r = writer(tmp_path), reader(tmp_path)
    w.append(numbered(0, 20), durable=True)
    ids = [s.id for s in read_all(r)]
    r.acknowledge(ids[:10])
    r.close()
    w.close()
    (tmp_path / "acknowledged.sqlite").write_bytes(b"garbage" * 2000)
    w, r = writer(tmp_path), reader(tmp_path)
    assert numbers(read_all(r)) == list(range(20))
    r.acknowledge(ids)
    w.tidy()
    assert (w.depth(), r.depth()) == (0, 0)
    assert len(list(tmp_path.glob("acknowledged-damaged-*.sqlite"))) == 1
    w.close()
    r.close()


@pytest.mark.parametrize("step", ["ready", "side files aside", "all aside"])
def test_when_killed_while_it_is_replaced_it_should_go_on_from_there(tmp_path, step):
    everything = filled(tmp_path)
    (tmp_path / f"{SPOOL}-wal").write_bytes(b"")
    salvage.carry_over(tmp_path, {}, 2**52)
    if step != "ready":
        (tmp_path / f"{SPOOL}-wal").rename(tmp_path / "spool-damaged-20260101T000000.000000Z.sqlite-wal")
    if step == "all aside":
        (tmp_path / SPOOL).rename(tmp_path / "spool-damaged-20260101T000000.000000Z.sqlite")
    (news,), left = mend(tmp_path)
    assert numbers(left) == everything
    assert news.salvaged == 1000
    assert len(set_aside(tmp_path)) == 1
    assert not (tmp_path / "spool-ready.sqlite").exists()
