"""What the receiver does while the spool refuses, the buffer is full, the kernel drops or a thread breaks."""

from __future__ import annotations

import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from receiving import Sender, inform, payloads, receiving, settings, spooled, trap, until

from fannel.config import Trap
from fannel.intake.answerer import Answerer
from fannel.intake.datagram import Datagram, Note
from fannel.intake.receiver import appender
from fannel.intake.receiver.ledger import missing
from fannel.intake.receiver.notice import Notice
from fannel.intake.receiver.receiver import Receiver
from fannel.intake.spool import SpoolLockedError, SpoolOwnedError, open_writer
from fannel.intake.spool.writer import SqliteSpoolWriter
from fannel.wire.snmp import inform_response

SCENARIOS = Path(__file__).parents[2] / "support" / "receiver_troubles.py"


@pytest.fixture
def refusing(monkeypatch):
    """A switch: while it is on, every append is refused."""
    switch = {"on": False}
    append = SqliteSpoolWriter.append

    def refuse_or_append(self, batch, *, durable):
        if switch["on"]:
            raise SpoolLockedError(self._path, "locked by another process", "find it")
        return append(self, batch, durable=durable)

    monkeypatch.setattr(SqliteSpoolWriter, "append", refuse_or_append)
    return switch


def vital(receiver, name):
    return next(vital for vital in receiver.vitals() if vital.name == name)


def test_a_refusal_that_passes_costs_no_trap(tmp_path, refusing):
    with receiving(tmp_path) as receiver:
        refusing["on"] = True
        sender = Sender(receiver.listeners[0])
        sender.send(*(trap(n) for n in range(100)))
        until(lambda: receiver.counters.get("spool_errors") >= 2)
        assert not vital(receiver, "spool").ok
        assert "locked by another process: find it" in vital(receiver, "spool").detail
        refusing["on"] = False
        until(lambda: receiver.counters.get("spooled") == 100)
        assert vital(receiver, "spool").ok
    assert payloads(tmp_path) == [trap(n) for n in range(100)]
    assert receiver.counters.get("lost") == 0


def test_an_inform_that_was_refused_is_not_answered_and_not_kept(tmp_path, refusing):
    with receiving(tmp_path) as receiver:
        refusing["on"] = True
        sender = Sender(receiver.listeners[0])
        sender.send(trap(1), inform(2), trap(3))
        until(lambda: receiver.counters.get("informs_refused") == 1)
        refusing["on"] = False
        sender.send(inform(4))
        assert sender.answer() == inform_response(inform(4))
        assert sender.answer(timeout_s=0.3) is None
    assert payloads(tmp_path) == [trap(1), trap(3), inform(4)]
    assert receiver.counters.get("rejected", "inform_refused") == 1
    assert missing(receiver.counters.snapshot()) == 0


def test_a_refusal_that_lasts_costs_traps_which_are_counted_and_told(tmp_path, refusing, monkeypatch):
    monkeypatch.setattr(appender, "HOLD_S", 0.5)
    with receiving(tmp_path) as receiver:
        refusing["on"] = True
        sender = Sender(receiver.listeners[0])
        sender.send(*(trap(n) for n in range(50)))
        until(lambda: receiver.counters.get("lost", "spool_refused") == 50)
        assert missing(receiver.counters.snapshot()) == 0
        refusing["on"] = False
        until(lambda: receiver.counters.get("notices") == 1)
    (notice,) = spooled(tmp_path)
    assert notice.note == Note.NOTICE
    assert Notice.read(notice.payload).lost == {"spool_refused": 50}


def test_what_the_buffer_has_no_room_for_is_counted_and_told(tmp_path, refusing):
    with receiving(tmp_path, buffer_octets=20_000) as receiver:
        refusing["on"] = True
        sender = Sender(receiver.listeners[0])
        for n in range(30):
            sender.send(*(trap(n) for _ in range(100)))
        until(lambda: receiver.counters.get("received") == 3000)
        lost = receiver.counters.get("lost", "buffer_full")
        assert 0 < lost < 3000
        refusing["on"] = False
        until(lambda: receiver.counters.get("notices") == 1)
        until(lambda: receiver.counters.get("spooled") == 3001 - lost)
    assert missing(receiver.counters.snapshot()) == 0


def test_what_the_kernel_dropped_is_received_and_lost(tmp_path):
    receiver = Receiver(settings(tmp_path, so_rcvbuf=4096))
    Sender(receiver.listeners[0]).send(*(trap(n) for n in range(500)))
    receiver.start(Answerer.open(Trap(), receiver.counters))
    until(lambda: receiver.counters.get("lost", "kernel"))
    assert "dropped" in vital(receiver, "kernel").detail
    receiver.stop()
    counts = receiver.counters.as_dict()
    assert counts["received"] == 500
    assert counts["lost.kernel"] > 0
    assert missing(receiver.counters.snapshot()) == 0
    (notice,) = [Notice.read(found.payload) for found in spooled(tmp_path) if found.note == Note.NOTICE]
    assert notice.lost == {"kernel": counts["lost.kernel"]}
    assert len(spooled(tmp_path)) == 501 - counts["lost.kernel"]


def test_what_leaves_a_full_spool_is_counted_and_the_infos_go_first(tmp_path):
    about = trap(oid="1.3.6.1.4.1.99999.0.1")
    with receiving(tmp_path, octets=2**20) as receiver:
        sender = Sender(receiver.listeners[0])
        for n in range(12_000):
            sender.send(about if n % 2 else trap(n))
            if n % 500 == 0:
                until(lambda n=n: receiver.counters.get("spooled") >= n - 600)
        until(lambda: receiver.counters.get("spooled") >= 12_000)
        assert not vital(receiver, "spool").ok
    kept = payloads(tmp_path)
    assert receiver.counters.get("lost", "spool_full_info") > 1000
    assert kept.count(about) < len(kept) / 2
    assert missing(receiver.counters.snapshot()) == 0


def test_a_thread_that_breaks_is_a_reason_to_end(tmp_path):
    class Broken:
        def concerns(self, payload):
            raise RuntimeError("a defect")

    with receiving(tmp_path, answers=Broken()) as receiver:
        Sender(receiver.listeners[0]).send(trap())
        assert receiver.failed.wait(10)


def test_a_spool_that_has_a_receiver_is_refused_at_start(tmp_path):
    other = open_writer(tmp_path / "spool", is_info=lambda _: False)
    receiver = Receiver(settings(tmp_path))
    with pytest.raises(SpoolOwnedError, match="a spool has one receiver"):
        receiver.start(Answerer.open(Trap(), receiver.counters))
    receiver.stop()
    other.close()


def test_a_canary_comes_through_every_socket(tmp_path):
    with receiving(tmp_path, "127.0.0.1", "::1", canary_every_s=1) as receiver:
        until(lambda: receiver.counters.get("canaries") >= 4)
        assert vital(receiver, "canary").ok
    found = spooled(tmp_path)
    assert {datagram.note for datagram in found} == {Note.CANARY}
    assert {datagram.source for datagram in found} == {"127.0.0.1", "::1"}


def test_a_canary_of_somebody_else_is_a_datagram_like_any_other(tmp_path):
    with receiving(tmp_path, canary_every_s=60) as receiver:
        until(lambda: receiver.counters.get("canaries") == 1)
        (own,) = spooled(tmp_path)
        Sender(receiver.listeners[0]).send(own.payload)
        until(lambda: receiver.counters.get("spooled") == 2)
    assert [datagram.note for datagram in spooled(tmp_path)] == [Note.CANARY, Note.NONE]


@pytest.mark.parametrize("scenario", ["full_disk", "full_disk_from_the_start"])
def test_on_a_small_file_system_of_its_own(tmp_path, scenario):
    command = ["unshare", "--user", "--map-root-user", "--mount"]
    if not shutil.which("unshare") or subprocess.run([*command, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this kernel lets no user mount a tmpfs of its own")
    subprocess.run([*command, sys.executable, str(SCENARIOS), scenario, str(tmp_path)], check=True, timeout=100)


def test_a_notice_is_no_datagram_from_the_network(tmp_path):
    forged = Datagram(Notice({"kernel": 1}, datetime.now(UTC)).payload(), "192.0.2.1", 1, datetime.now(UTC))
    with receiving(tmp_path) as receiver:
        Sender(receiver.listeners[0]).send(forged.payload)
        until(lambda: receiver.counters.get("spooled") == 1)
    assert [datagram.note for datagram in spooled(tmp_path)] == [Note.NONE]
