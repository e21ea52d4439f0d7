"""One fault, said by trap and by line, is one fault at the end of the road: pagoda's OS decides how each is read."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from jsonschema import Draft202012Validator
from kinds_corpus import CORPUS

from fannel.config import Syslog, Trap
from fannel.directory.directory import Device, Directory, Interface
from fannel.event import schema
from fannel.intake.datagram import Datagram, Note, Transport
from fannel.intake.refusals import Refusals
from fannel.intake.spool import Spooled, SpoolId
from fannel.kinds.classify import Kinds
from fannel.naming.catalogue import Catalogue
from fannel.pipeline import Pipeline

NOW = datetime(2026, 11, 14, 8, 31, tzinfo=UTC)
VALID = Draft202012Validator(schema())
CATALOGUE, KINDS = Catalogue.load(), Kinds.load()
RT1 = "192.0.2.1"


class Pagoda:
    """One device with this OS, and the neighbours of the corpus."""

    def __init__(self, os):
        neighbours = Device("rt02.example.net", 2, ("198.51.100.2", "192.0.2.2", "192.0.2.9", "2001:db8::9"), os=os)
        self._directory = Directory((Device("rt01.example.net", 1, (RT1,), os=os), neighbours))

    def find(self, candidates):
        return self._directory.find(candidates, 0.0)

    known = find

    def interface(self, device, *, ifindex=None, name=None):
        return Interface("Vlan10", 10) if ifindex == 10 and name is None else None


def event_of(case):
    os, *_ = case.split("/")
    road = Pipeline(
        trap=Trap(),
        catalogue=CATALOGUE,
        kinds=KINDS,
        directory=Pagoda(os),
        store=None,
        refusals=Refusals(window=timedelta(0)),
        syslog=Syslog(),
        zone=UTC,
    )
    if (CORPUS / case / "trap.hex").exists():
        datagram = Datagram(bytes.fromhex((CORPUS / case / "trap.hex").read_text()), RT1, 162, NOW)
    else:
        line = (CORPUS / case / "syslog.txt").read_bytes().rstrip(b"\n")
        datagram = Datagram(line, RT1, 514, NOW, Note.NONE, Transport.SYSLOG_UDP)
    (found,) = road.observe([Spooled(SpoolId(1, 1), datagram)])
    VALID.validate(json.loads(json.dumps(found.event.to_queue(), allow_nan=False)))
    return found.event


@pytest.mark.parametrize(
    ("trap", "line"),
    [
        ("ios/ospf_neighbor_down/trap", "ios/ospf_neighbor_down/syslog_dead_timer"),
        ("nxos/ospf_neighbor_down/trap", "nxos/ospf_neighbor_down/syslog_adjchange"),
        ("junos/ospf_neighbor_down/trap", "junos/ospf_neighbor_down/syslog_kill"),
        ("junos/interface_down/link_with_name", "junos/interface_down/syslog_structured_brief"),
        ("junos/bgp_neighbor_down/trap_m2_v6", "junos/bgp_neighbor_down/syslog_v6_older"),
        ("eos/bgp_neighbor_down/trap_arista_v4", "eos/bgp_neighbor_down/syslog_vrf_default"),
        ("ios/fhrp_down/trap_hsrp", "ios/fhrp_down/hsrp_active_speak"),
    ],
)
def test_both_have_one_fingerprint_and_one_neighbour(trap, line):
    by_trap, by_line = event_of(trap), event_of(line)
    assert by_trap.fingerprint == by_line.fingerprint
    assert (by_trap.via, by_line.via) == ("snmp_trap", "syslog")
    assert by_trap.subject.description == by_line.subject.description


def test_what_a_line_says_of_a_neighbour_is_in_its_event():
    subject = event_of("iosxr/ospf_neighbor_down/syslog_vrf").subject
    assert (subject.interface, subject.vrf) == ("Bundle-Ether1.20", "CUST-A")
