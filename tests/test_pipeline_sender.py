"""Who sent it, on the whole road: from datagrams of NAT, relays and load balancers to events, incidents and answers."""

from __future__ import annotations

import itertools
import json
import struct
from datetime import UTC, datetime
from ipaddress import ip_address

import jsonschema
import pytest

from fannel.config import Trap, TrapUser
from fannel.directory.directory import Device, Directory
from fannel.event import Event, schema
from fannel.incidents.store import Store
from fannel.intake.answerer import Answerer
from fannel.intake.counters import Counters
from fannel.intake.datagram import Datagram
from fannel.intake.refusals import Refusals
from fannel.intake.spool import Spooled, SpoolId
from fannel.intake.v3 import V3Intake
from fannel.intake.v3_users import usm_user
from fannel.kinds.classify import Kinds
from fannel.naming.catalogue import Catalogue
from fannel.pipeline import Pipeline
from fannel.wire.encoder import encode_trap
from fannel.wire.proxy import SIGNATURE
from fannel.wire.snmp import inform_response
from fannel.wire.usm import SecurityLevel
from fannel.wire.v3_sender import V3Sender
from fannel.wire.varbind import ValueType, WireVarBind

NOW = datetime(2026, 11, 22, tzinfo=UTC)
LINK_DOWN = "1.3.6.1.6.3.1.1.5.3"
IF_INDEX = WireVarBind("1.3.6.1.2.1.2.2.1.1.3", ValueType.INTEGER, 3)
NAT, BALANCER = "203.0.113.1", "198.51.100.7"
ENGINE = bytes.fromhex("8000000901c0000202")  # holds 192.0.2.2
USER = TrapUser(name="noc", auth="sha256", auth_password="s3cret-auth-pw", sources=("192.0.2.0/24",))
DEVICES = (
    Device("rt1", 1, ("192.0.2.1",)),
    Device("rt2", 2, ("192.0.2.2",)),
    Device("rt3", 3, ("192.0.2.9",)),
    Device("rt4", 4, ("192.0.2.9",)),
)
BALANCED = {"proxy_from": [f"{BALANCER}/32"]}
VALID = jsonschema.Draft202012Validator(schema())


class Known:
    def __init__(self) -> None:
        self.directory = Directory(DEVICES)

    def find(self, candidates):
        return self.directory.find(candidates, 0.0)

    known = find

    def interface(self, device, **which):
        return self.directory.interface(device, **which)


class Lab:
    """The road with a real store, and what was answered to whom."""

    catalogue, kinds = Catalogue.load(), Kinds.load()
    batches = itertools.count(1)

    def __init__(self, folder) -> None:
        self.store = Store.open(f"sqlite:///{folder}/fannel.sqlite3")
        self.counters = Counters()
        self.refused: list[str] = []
        self.answered: list[tuple[str, bytes]] = []
        self.engine_file = folder / "engine.json"
        self.v3 = V3Intake.open([USER], self.engine_file, self.counters)

    def received(self, arrived: list[Datagram], settings: Trap) -> list[Datagram]:
        """What the receiver keeps of it, and answers."""
        answerer = Answerer.open(settings, self.counters)
        kept = []
        for datagram in arrived:
            if not answerer.concerns(datagram.payload):
                kept.append(datagram)
                continue
            judged = answerer.judge(datagram)
            answers = [judged.reply] if judged.reply else [judged.respond()] if judged.respond else []
            self.answered += [(datagram.source, answer) for answer in answers]
            kept += [datagram._replace(note=judged.note)] if judged.keep else []
        answerer.close()
        return kept

    def events(self, *datagrams: tuple[bytes, str], **trap) -> list[Event]:
        settings = Trap(users=(USER,), engine_file=self.engine_file, **trap)
        road = Pipeline(settings, self.catalogue, self.kinds, Known(), self.store, Refusals(), self.v3)
        arrived = [Datagram(payload, source, 5555, NOW) for payload, source in datagrams]
        kept = [Spooled(SpoolId(next(self.batches), 0), datagram) for datagram in self.received(arrived, settings)]
        seen = road.commit(road.observe(kept))
        self.refused += [one.refusal.reason for one in seen if one.refusal is not None]
        events = [one.event for one in seen if one.event is not None]
        for event in events:
            VALID.validate(json.loads(json.dumps(event.to_json())))
            assert Event.from_json(json.loads(json.dumps(event.to_json()))) == event
        return events


@pytest.fixture
def lab(tmp_path):
    lab = Lab(tmp_path)
    yield lab
    lab.v3.close()
    lab.store.close()


def trap(**options) -> bytes:
    return encode_trap(LINK_DOWN, [IF_INDEX], **{"community": b"public"} | options)


def proxied(payload: bytes, source: str) -> bytes:
    addresses = ip_address(source).packed + ip_address(BALANCER).packed + struct.pack("!HH", 40000, 162)
    return SIGNATURE + struct.pack("!BBH", 0x21, 0x12, len(addresses)) + addresses + payload


class TestNat:
    @pytest.mark.parametrize("version", ["1", "2c"])
    def test_devices_behind_one_address_are_told_apart_by_what_they_say(self, lab, version):
        said = [(trap(version=version, agent_address=agent), NAT) for agent in ("192.0.2.1", "192.0.2.2")]
        assert [event.host.name for event in lab.events(*said)] == ["rt1", "rt2"]

    def test_a_stranger_behind_it_does_not_swallow_the_faults_of_the_others(self, lab):
        stranger, known = lab.events((trap(), NAT), (trap(agent_address="192.0.2.1"), NAT))
        assert (stranger.host.name, known.host.name) == (NAT, "rt1")
        assert known.incident["state"] == "new"
        assert known.incident["id"] != stranger.incident["id"]

    def test_strangers_behind_a_relay_are_told_apart_where_their_word_goes_first(self, lab):
        said = [(trap(agent_address=f"203.0.113.{n}"), NAT) for n in (5, 6)]
        events = lab.events(*said, trust=["agent_address", "source_address"])
        assert [event.host.name for event in events] == ["203.0.113.5", "203.0.113.6"]


class TestDisagreement:
    def test_the_order_of_trust_decides_and_the_event_says_so(self, lab):
        (event,) = lab.events((trap(agent_address="192.0.2.2"), "192.0.2.1"))
        assert event.host.name == "rt1"
        assert event.to_queue()["source"] == {
            "address": "192.0.2.1",
            "agent_address": "192.0.2.2",
            "engine_id": None,
            "disputed": {"source_address": "rt1", "agent_address": "rt2"},
        }

    def test_an_authenticated_engine_disputes_its_packets_address(self, lab):
        payload = V3Sender(usm_user(USER), ENGINE).encode(LINK_DOWN, boots=1, engine_time=1)
        (event,) = lab.events((payload, "192.0.2.1"), trust=["engine_id", "source_address"])
        assert event.host.name == "rt2"
        assert event.source.disputed == {"engine_id": "rt2", "source_address": "rt1"}

    def test_an_ambiguous_address_names_nobody(self, lab):
        (event,) = lab.events((trap(), "192.0.2.9"))
        assert (event.host.known, event.host.ambiguous) == (False, ("rt3", "rt4"))
        assert event.source.disputed is None


class TestLoadBalancers:
    def test_the_device_behind_it_sent_it_and_the_log_has_what_came(self, lab):
        datagram = proxied(trap(), "192.0.2.1")
        (event,) = lab.events((datagram, BALANCER), **BALANCED)
        assert event.host.name == "rt1"
        assert (event.source.address, event.source.proxy) == ("192.0.2.1", BALANCER)
        assert lab.store.raw(event.id) == datagram

    def test_an_inform_is_answered_to_the_load_balancer(self, lab):
        inform = trap(pdu="inform", request_id=77)
        (event,) = lab.events((proxied(inform, "192.0.2.1"), BALANCER), **BALANCED)
        ((to, response),) = lab.answered
        assert (to, event.trap["type"]) == (BALANCER, "inform")
        assert response == inform_response(inform)

    def test_a_report_goes_to_the_load_balancer(self, lab):
        discovery = V3Sender(usm_user(USER), b"").encode(
            LINK_DOWN, boots=0, engine_time=0, pdu="inform", level=SecurityLevel.NO_AUTH_NO_PRIV
        )
        assert lab.events((proxied(discovery, "192.0.2.1"), BALANCER), **BALANCED) == []
        assert [to for to, _ in lab.answered] == [BALANCER]

    def test_allowed_sources_are_those_behind_it(self, lab):
        behind = [(proxied(trap(), source), BALANCER) for source in ("192.0.2.1", "192.0.2.2")]
        allowed, refused = lab.events(*behind, allowed_sources=["192.0.2.1/32"], **BALANCED)
        assert (allowed.kind, refused.kind) == ("interface_down", "datagram_refused")
        assert refused.refusal["reason"] == "source_not_allowed"
        assert (refused.source.address, refused.source.proxy, refused.host.name) == ("192.0.2.2", BALANCER, "rt2")

    def test_a_header_from_anybody_else_is_refused(self, lab):
        (event,) = lab.events((proxied(trap(), "192.0.2.1"), "192.0.2.2"), **BALANCED)
        assert (event.kind, event.refusal["reason"], event.host.name) == (
            "datagram_refused",
            "proxy_not_allowed",
            "rt2",
        )
        assert lab.refused == ["proxy_not_allowed"]

    def test_devices_beside_it_may_send_without_one(self, lab):
        (event,) = lab.events((trap(), "192.0.2.1"), proxy_from=["192.0.2.0/24"])
        assert (event.host.name, event.source.proxy) == ("rt1", None)
