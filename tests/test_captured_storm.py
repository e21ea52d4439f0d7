"""A cable that was pulled and plugged in again between two real routers, replayed at the capture's own clock.

19 notifications for the cut, 13 for the restore, OSPF and BGP before linkDown, on both ends: one incident that the
rules are asked about, everything else attached to it, and at most four messages in its thread. So it is, too, when the
routers say each of these things in syslog as well, a moment before or after.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fannel import config
from fannel.checks.verdict import Verdict
from fannel.directory.directory import Device, Interface, Lookup
from fannel.incidents.store import Store
from fannel.intake.datagram import Datagram, Note, Transport
from fannel.intake.refusals import Refusals
from fannel.intake.spool import Spooled, SpoolId
from fannel.kinds.classify import Kinds
from fannel.lab.slack.server import BOT_TOKEN, SlackStandIn, running
from fannel.naming.catalogue import Catalogue
from fannel.observer.retelling import Retelling
from fannel.pipeline import Pipeline
from fannel.posting import open_outbox
from fannel.respond import Responder
from fannel.wire import capture

CAPTURE = Path(__file__).parent / "corpus" / "captures" / "link_cut_and_restore.pcap"
CHANNEL = "C0ALERTS01"
ROUTERS = {"198.18.0.11": "rt11.example.net", "198.18.0.12": "rt12.example.net"}
LINK_DOWN = Verdict("confirmed", ("link and line protocol are down",), ("eth1 is down",), {}, (), 1.0)
LINK_UP = Verdict("cleared", ("the link is up",), (), {}, (), 1.0)


class Pagoda:
    """Two routers and, where pagoda has it, the cable between them."""

    def __init__(self, *, cable: bool) -> None:
        self._cable = cable

    def find(self, candidates):
        for candidate in candidates:
            if name := ROUTERS.get(candidate):
                number = int(candidate.rsplit(".", 1)[1])
                return Lookup("found", Device(name, number, (candidate,), os="frr"), candidate)
        return Lookup("unknown")

    known = find

    def interface(self, device, *, ifindex=None, name=None):
        if not self._cable:
            return None
        other = next(router for router in ROUTERS.values() if router != device.name)
        return Interface("eth1", ifindex=3, peer=f"{other} eth1")


class Clock:
    def __init__(self, now):
        self.now = now

    def __call__(self):
        return self.now


@pytest.fixture(scope="module")
def slack():
    stand_in = SlackStandIn(rate_limits=False)
    with running(stand_in):
        yield stand_in


@pytest.fixture
def settings(tmp_path, slack):
    for messages in slack.workspace.messages.values():
        messages.clear()
    return config.load(
        {
            "FANNEL_DATABASE__URL": f"sqlite:///{tmp_path}/fannel.sqlite3",
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "FANNEL_SLACK__API_URL": slack.api_url,
            "FANNEL_SLACK__CHANNEL": CHANNEL,
        },
        cwd=tmp_path,
    )


def datagrams():
    with CAPTURE.open("rb") as file:
        return list(capture.datagrams(file, 162, 10162))


# What FRR and Linux say in syslog when they send such a notification.
TWINS = {
    "bgp_neighbor_down": "<29>{head} bgpd[812]: [M59KS-A3ZXZ] %ADJCHANGE: neighbor {name}(r1) in vrf default Down",
    "bgp_neighbor_up": "<29>{head} bgpd[812]: [M59KS-A3ZXZ] %ADJCHANGE: neighbor {name}(r1) in vrf default Up",
    "ospf_neighbor_down": "<29>{head} ospfd[733]: AdjChg: Nbr {name}(default) on eth1: Full -> Deleted (KillNbr)",
    "ospf_neighbor_up": "<29>{head} ospfd[733]: AdjChg: Nbr {name}(default) on eth1: Loading -> Full (Done)",
    "interface_down": "<6>{head} kernel: [12345.678901] {name}: link down",
    "interface_up": "<6>{head} kernel: [12345.678901] IPv6: ADDRCONF(NETDEV_CHANGE): {name}: link becomes ready",
}


def twin(event, after_s):
    """The line that says the same as a trap, so much later; None where there is none."""
    if event.kind not in TWINS:
        return None
    at = event.received_at + timedelta(seconds=after_s)
    head = f"{at:%b %d %H:%M:%S} {event.host.name.partition('.')[0]}"
    line = TWINS[event.kind].format(head=head, name=event.subject.name).encode()
    return Datagram(line, event.source.address, 514, at, Note.NONE, Transport.SYSLOG_UDP)


class Replay:
    """The observer's road and the playbooks' steps, without processes: what asks is answered, what clears verified."""

    def __init__(self, settings, *, cable, twins):
        self._twins = twins
        self.store = Store.open(settings.database.url)
        self.clock = Clock(datagrams()[0].time)
        self.pipeline = Pipeline(
            trap=settings.trap,
            catalogue=Catalogue.load(),
            kinds=Kinds.load(),
            directory=Pagoda(cable=cable),
            store=self.store,
            refusals=Refusals(),
        )
        outbox = open_outbox(settings, self.store, self.clock)
        self.responder = Responder(settings, self.store, outbox, self.clock)
        self.retelling = Retelling(self.store, self.responder, Counter(), self.clock)
        self.deliver = outbox.deliver
        self.asked = []
        self.told = []

    def run(self):
        for number, found in enumerate(datagrams()):
            while self.clock.now + timedelta(seconds=1) < found.time:
                self.wait(1)
            self.clock.now = found.time
            (trap,) = self.observe(number, Datagram(found.payload, found.source, found.source_port, found.time))
            if not self._twins or (line := twin(trap.event, 0.001 if (after := number % 2) else -0.001)) is None:
                self.record(trap)
                continue
            (said,) = self.observe(1000 + number, line)
            assert (said.event.via, said.event.kind) == ("syslog", trap.event.kind)
            assert said.event.fingerprint == trap.event.fingerprint
            for one in (trap, said) if after else (said, trap):
                self.record(one)

    def record(self, seen):
        self.tell([one.event for one in self.pipeline.commit([seen])])

    def observe(self, number, datagram):
        return self.pipeline.observe([Spooled(SpoolId(1, number), datagram)])

    def wait(self, seconds):
        for _ in range(seconds):
            self.clock.now += timedelta(seconds=1)
            self.tell(self.store.due(self.clock.now))
        self.retelling()

    def tell(self, events):
        """The shipped rules, as far as this capture needs them."""
        for event in events:
            self.told.append(event)
            incident = event.incident or {}
            if incident.get("state") == "new" and event.phase == "raise":
                self.asked.append(event)
                if self.responder.announce(event.to_queue()):
                    self.responder.conclude(event.to_queue(), LINK_DOWN)
            elif (
                event.kind == "interface_up"
                and incident.get("state") in ("new", "open", "acknowledged")
                and not (event.flap or {}).get("flapping")
            ):
                self.responder.recover(event.to_queue(), LINK_UP)


@pytest.fixture
def replayed(request, settings):
    cable, twins = request.param
    replay = Replay(settings, cable=cable, twins=twins)
    replay.run()
    yield replay
    replay.store.close()


CABLE_IN_PAGODA = pytest.mark.parametrize(
    "replayed", [(True, False), (True, True)], indirect=True, ids=["traps", "traps and syslog"]
)


@CABLE_IN_PAGODA
def test_one_cable_is_one_incident_that_the_rules_are_asked_about(replayed):
    replayed.wait(120)
    assert [(one.kind, one.phase) for one in replayed.asked] == [("interface_down", "raise")]


@pytest.mark.parametrize("replayed", [(False, False), (False, True)], indirect=True, ids=["traps", "traps and syslog"])
def test_without_the_cable_in_pagoda_each_end_is_one(replayed):
    replayed.wait(120)
    assert sorted((one.host.name, one.kind) for one in replayed.asked) == [
        ("rt11.example.net", "interface_down"),
        ("rt12.example.net", "interface_down"),
    ]


@CABLE_IN_PAGODA
def test_everything_else_is_attached_to_the_cable(replayed):
    cable = replayed.asked[0].incident["id"]
    related = replayed.store.aside(cable, datetime.now(UTC)).related
    assert sorted((one.host.name, one.problem, one.subject.name) for one in related) == [
        ("rt11.example.net", "bgp_neighbor_down", "198.19.0.2"),
        ("rt11.example.net", "interface_down", "eth1"),
        ("rt11.example.net", "ospf_neighbor_down", "198.18.0.12"),
        ("rt12.example.net", "bgp_neighbor_down", "198.19.0.1"),
        ("rt12.example.net", "ospf_neighbor_down", "198.18.0.11"),
    ]
    assert {one.why for one in related} >= {"the other end of the same link as rt12.example.net eth1"}


@CABLE_IN_PAGODA
def test_the_restore_ends_it_and_what_came_back_with_it(replayed):
    cable = replayed.asked[0].incident["id"]
    replayed.wait(60)
    assert replayed.store.incident(cable).state == "resolved"
    over = {(one.host.name, one.problem) for one in replayed.store.aside(cable, datetime.now(UTC)).related if one.over}
    assert over == {
        ("rt11.example.net", "interface_down"),
        ("rt11.example.net", "ospf_neighbor_down"),
        ("rt12.example.net", "ospf_neighbor_down"),
    }, "BGP's last word on both ends is that it is down; it flaps, and nobody is called before it is calm"


@CABLE_IN_PAGODA
def test_the_thread_has_four_messages_at_most_and_is_the_only_one(replayed, slack):
    replayed.wait(120)
    replayed.deliver()
    messages = list(slack.workspace.messages[CHANNEL].values())
    threads = {message.get("thread_ts") or message["ts"] for message in messages}
    assert len(threads) == 1
    assert len(messages) <= 4
    parent = next(message for message in messages if message.get("thread_ts") in (None, message["ts"]))
    shown = str(parent["blocks"])
    assert "RECOVERED" in shown
    assert "With it:" in shown
    assert "198.19.0.2" in shown
