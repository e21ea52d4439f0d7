"""kill -9 of any process at any moment, under load: whatever was acknowledged is handled, once; nothing is left behind.

Devices send informs and repeat each until it is acknowledged. The real receiver, observer and ansible-rulebook are
killed 50 times, alone and together, in start-up and at work, and started again as a supervisor would.
"""

from __future__ import annotations

import json
import os
import random
import re
import sqlite3
import time
from collections import Counter
from contextlib import closing, suppress

import pytest
from inform_devices import InformDevices
from killing import OBSERVER, RECEIVER, RULES, Fannel, until
from running_source import is_bound
from ulid import ULID

from fannel.intake.datagram import Note
from fannel.intake.spool import open_reader
from fannel.lab.stage import free_udp_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

ROUNDS, KILLS_IN_A_ROUND = 10, 5
ADDRESSES = [f"127.8.{n}.1" for n in range(8)]
INTERFACES = 5
SETTINGS = "[storm]\nwindow_s = 1\nsource_rate = 0\n[health]\ncanary_every_s = 5\n"
# FANNEL_TEST_SEED=… repeats a run, as far as processes can be repeated.
SEED = int(os.environ.get("FANNEL_TEST_SEED", "0")) or random.SystemRandom().randrange(1, 10**9)


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """Fifty kills under load, then an orderly end."""
    print(f"FANNEL_TEST_SEED={SEED}")
    dice = random.Random(SEED)
    port = free_udp_port()
    fannel = Fannel(tmp_path_factory.mktemp("killed"), port, SETTINGS)
    with InformDevices(port, ADDRESSES, interfaces=INTERFACES, pause_s=0.05) as devices:
        try:
            for _ in range(ROUNDS):
                a_round(fannel, devices, dice)
            fannel.start()
            finished = devices.finish(180)
            with suppress(AssertionError):  # the tests say what is wrong
                until(lambda: depth(fannel) == 0 and len(asked(fannel)) >= len(ADDRESSES) * INTERFACES, 60)
        finally:
            fannel.stop()
        assert finished, "informs stay unanswered, see output.log"
        print(f"{devices.acknowledged} informs were acknowledged")
        yield Killed(fannel, devices, port)


def a_round(fannel, devices, dice):
    """Start it; kill children while it starts and works, and it at last, alone or with its children."""
    fannel.start()
    for _ in range(KILLS_IN_A_ROUND - 1):
        wait(devices, dice)
        fannel.kill(dice.choice((RECEIVER, OBSERVER)))
    wait(devices, dice)
    fannel.kill(*dice.choice(((RULES,), (RULES, RECEIVER, OBSERVER))))


def wait(devices, dice):
    """A random moment: at any time in one case of four, else in the middle of work."""
    if dice.random() < 0.25:
        time.sleep(dice.uniform(0, 2))
        return
    enough = devices.acknowledged + dice.randrange(1, 60)
    until(lambda: devices.acknowledged >= enough, 180)
    time.sleep(dice.uniform(0, 0.1))


class Killed:
    """What is there to be looked at afterwards."""

    def __init__(self, fannel, devices, port):
        self.fannel, self.devices, self.port = fannel, devices.devices, port
        with closing(sqlite3.connect(fannel.folder / "fannel.sqlite3")) as database:
            self.events = database.execute(
                "SELECT id, source_address, raw, fingerprint FROM events WHERE kind = 'interface_down'"
            ).fetchall()
            self.incidents = database.execute(
                "SELECT fingerprint, id, raises FROM incidents WHERE problem = 'interface_down'"
            ).fetchall()


def depth(fannel):
    with closing(open_reader(fannel.folder / "spool")) as spool:
        return spool.depth()


def left(fannel):
    with closing(open_reader(fannel.folder / "spool")) as spool:
        found = spool.read(None, 1000)
        assert len(found) == spool.depth()
        return [spooled.datagram for spooled in found]


def asked(fannel):
    return set(re.findall(r"ASKED (\S+) BY \S+ END", fannel.output))


def test_every_acknowledged_inform_is_on_record(killed):
    logged = {(address, raw) for _, address, raw, _ in killed.events}
    acknowledged = {(device.address, payload) for device in killed.devices for payload in device.acknowledged}
    assert len(acknowledged) > 2 * ROUNDS * KILLS_IN_A_ROUND, "the devices hardly came to send anything"
    assert acknowledged <= logged


def test_what_was_spooled_once_is_on_record_once(killed):
    identities = Counter(ULID.from_str(event_id).bytes[6:] for event_id, *_ in killed.events)
    assert set(identities.values()) == {1}
    logged = Counter((address, raw) for _, address, raw, _ in killed.events)
    sent = {(device.address, payload): n for device in killed.devices for payload, n in device.sent.items()}
    assert all(n <= sent[key] for key, n in logged.items())


def test_every_fault_has_one_incident_that_counts_all_its_raises(killed):
    raises = Counter(fingerprint for *_, fingerprint in killed.events)
    assert len(raises) == len(ADDRESSES) * INTERFACES
    assert Counter(fingerprint for fingerprint, *_ in killed.incidents) == dict.fromkeys(raises, 1)
    assert {fingerprint: n for fingerprint, _, n in killed.incidents} == raises


def test_the_rules_were_asked_about_every_incident_and_by_no_event_twice_in_a_run(killed):
    assert {incident for _, incident, _ in killed.incidents} <= asked(killed.fannel)
    for run in killed.fannel.runs:
        by = Counter(re.findall(r"ASKED \S+ BY (\S+) END", run.output))
        assert not [event_id for event_id, n in by.items() if n > 1]


def test_nothing_of_a_device_and_no_process_and_no_port_is_left(killed):
    until(lambda: not killed.fannel.processes(), 30)
    assert not is_bound(killed.port)
    # A canary may be on its way while everything ends; the next start reads it.
    assert [datagram for datagram in left(killed.fannel) if datagram.note is not Note.CANARY] == []


def test_the_last_counts_of_both_processes_add_up(killed):
    received = last_said(killed.fannel, "stopped", "received")
    here = total(received, "rejected", "spooled", "buffered") + sum(
        n for name, n in received.items() if name.startswith("lost.") and "spool_" not in name
    )
    assert received["received"] + received.get("notices", 0) == here
    observed = last_said(killed.fannel, "stopped observing", "read")
    assert total(observed, "read", "said") == total(
        observed, "handled", "coalesced", "rejected", "lost", "held", "notices", "canaries"
    )


def last_said(fannel, event, key):
    lines = [json.loads(line) for line in fannel.runs[-1].lines if line.startswith("{")]
    return [line for line in lines if line.get("event") == event and key in line][-1]


def total(counts, *names):
    return sum(n for name, n in counts.items() if isinstance(n, int) and name.partition(".")[0] in names)
