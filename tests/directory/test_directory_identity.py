"""Who sent a notification: NAT, relays, load balancers, engine ids, and facts that do not agree."""

from __future__ import annotations

import pytest

from fannel.config import Syslog, Trap
from fannel.directory.directory import Device, Directory
from fannel.directory.identity import identify, identify_line, trusted_facts
from fannel.wire.message import Message

RELAY, NAT = "198.51.100.1", "198.51.100.2"
ENGINE = "800000090300aabbccddee01"  # a MAC address: only the settings can say whose it is
ENGINE_OF_RT2 = "8000000901c0000202"  # holds 192.0.2.2
DEVICES = (
    Device("rt1", 1, ("192.0.2.1",)),
    Device("rt2", 2, ("192.0.2.2",)),
    Device("rt3", 3, ("192.0.2.3", "192.0.2.9")),
    Device("rt4", 4, ("192.0.2.4", "192.0.2.9")),  # 192.0.2.9 is both's, an anycast address perhaps
    Device("nat", 5, (NAT,)),
)


class Known:
    """A directory in memory that counts what it is asked beyond that."""

    def __init__(self, *devices: Device) -> None:
        self.directory = Directory(devices)
        self.asked: list[list[str]] = []

    def find(self, candidates):
        self.asked.append(list(candidates))
        return self.known(candidates)

    def known(self, candidates):
        return self.directory.find(candidates, 0.0)


def message(*, agent=None, engine=None, authenticated=None):
    version = "2c" if engine is None else "3"
    return Message(
        version, b"", "trap", 1, "1.3", 0, agent, None, (), engine_id=engine, authenticated=authenticated
    )  # fmt: skip


def who(source, trap=None, known=None, **said):
    facts = trusted_facts(source, message(**said), trap or Trap())
    return identify(facts, known or Known(*DEVICES))


def named(identity):
    return identity.lookup.device and identity.lookup.device.name


AGENT_FIRST = Trap(trust=["agent_address", "source_address", "engine_id"])
ENGINE_FIRST = Trap(trust=["engine_id", "source_address"], engines={ENGINE: "rt1"})


class TestTheOrderOfTrust:
    def test_a_device_that_sends_by_itself_is_known_by_its_packets(self):
        assert named(who("192.0.2.1")) == "rt1"

    def test_behind_a_nat_every_device_is_known_by_what_it_says(self):
        for agent, name in (("192.0.2.1", "rt1"), ("192.0.2.2", "rt2")):
            assert named(who("203.0.113.1", agent=agent)) == name

    def test_behind_a_nat_every_device_is_known_by_its_engine(self):
        trap = Trap(engines={ENGINE: "rt1"})
        assert named(who("203.0.113.1", trap, engine=ENGINE, authenticated=True)) == "rt1"
        assert named(who("203.0.113.1", trap, engine=ENGINE_OF_RT2, authenticated=True)) == "rt2"

    def test_a_relay_that_is_a_device_itself_is_seen_past_where_the_agent_address_goes_first(self):
        assert named(who(NAT, AGENT_FIRST, agent="192.0.2.1")) == "rt1"
        assert named(who(NAT, agent="192.0.2.1")) == "nat"

    def test_an_agent_address_counts_only_from_where_it_is_believed(self):
        trap = Trap(trust=["agent_address", "source_address"], agent_address_from=[f"{RELAY}/32"])
        assert named(who(RELAY, trap, agent="192.0.2.1")) == "rt1"
        assert named(who("192.0.2.2", trap, agent="192.0.2.1")) == "rt2"

    def test_an_engine_id_counts_only_where_it_was_proven(self):
        assert named(who("192.0.2.2", ENGINE_FIRST, engine=ENGINE, authenticated=True)) == "rt1"
        assert named(who("192.0.2.2", ENGINE_FIRST, engine=ENGINE, authenticated=False)) == "rt2"
        assert named(who("203.0.113.1", engine=ENGINE_OF_RT2, authenticated=False)) is None

    def test_the_settings_know_an_engine_better_than_the_address_within_it(self):
        trap = Trap(trust=["engine_id"], engines={ENGINE_OF_RT2: "192.0.2.3"})
        assert named(who("192.0.2.1", trap, engine=ENGINE_OF_RT2, authenticated=True)) == "rt3"

    def test_what_is_not_trusted_is_not_looked_at(self):
        trap = Trap(trust=["source_address"])
        assert named(who("203.0.113.1", trap, agent="192.0.2.1", engine=ENGINE_OF_RT2, authenticated=True)) is None

    def test_where_no_trusted_fact_is_there_the_packet_has_to_do(self):
        assert named(who("192.0.2.1", Trap(trust=["agent_address"]))) == "rt1"

    def test_a_community_message_may_not_claim_an_engine(self):
        assert trusted_facts("192.0.2.1", message(), ENGINE_FIRST) == {"source_address": "192.0.2.1"}


class TestDispute:
    def test_facts_that_name_different_devices_are_told_and_the_order_of_trust_decides(self):
        identity = who("192.0.2.1", agent="192.0.2.2")
        assert named(identity) == "rt1"
        assert identity.disputed == {"source_address": "rt1", "agent_address": "rt2"}
        identity = who("192.0.2.1", AGENT_FIRST, agent="192.0.2.2")
        assert named(identity) == "rt2"
        assert identity.disputed == {"agent_address": "rt2", "source_address": "rt1"}

    def test_facts_that_agree_are_told_too_where_a_third_does_not(self):
        identity = who("192.0.2.2", agent="192.0.2.1", engine=ENGINE_OF_RT2, authenticated=True)
        assert identity.disputed == {"source_address": "rt2", "agent_address": "rt1", "engine_id": "rt2"}

    @pytest.mark.parametrize(
        ("source", "agent"),
        [
            ("192.0.2.3", "192.0.2.9"),  # the second names no single device
            ("192.0.2.1", "203.0.113.5"),  # nor does one nobody knows
            ("192.0.2.1", "192.0.2.1"),
        ],
    )
    def test_what_names_no_other_device_disputes_nothing(self, source, agent):
        assert who(source, agent=agent).disputed is None

    def test_two_addresses_of_one_device_agree(self):
        assert (
            who("192.0.2.1", known=Known(Device("rt1", 1, ("192.0.2.1", "192.0.2.8"))), agent="192.0.2.8").disputed
            is None
        )

    def test_a_fact_that_is_not_trusted_disputes_nothing(self):
        assert who("192.0.2.1", Trap(trust=["source_address"]), agent="192.0.2.2").disputed is None

    def test_a_doubt_is_not_worth_a_second_question(self):
        known = Known(*DEVICES)
        who("192.0.2.1", known=known, agent="203.0.113.5")
        assert known.asked == [["192.0.2.1", "203.0.113.5"]]


class TestAmbiguity:
    def test_an_address_of_two_devices_is_neither_and_both_are_told(self):
        identity = who("192.0.2.9")
        assert (identity.lookup.status, identity.lookup.among) == ("ambiguous", ("rt3", "rt4"))
        assert identity.called == "192.0.2.9"

    def test_a_fact_that_names_one_device_settles_it(self):
        assert named(who("192.0.2.9", agent="192.0.2.4")) == "rt4"


class TestWhatItIsCalledWhileUnknown:
    def test_by_the_fact_trusted_most(self):
        assert who("203.0.113.1", agent="203.0.113.5").called == "203.0.113.1"
        assert who("203.0.113.1", AGENT_FIRST, agent="203.0.113.5").called == "203.0.113.5"

    def test_a_known_one_by_the_fact_that_found_it(self):
        assert who("203.0.113.1", agent="192.0.2.1").called == "192.0.2.1"


# --- syslog -----------------------------------------------------------------------------------------------------


RELAYED = Syslog(relays=[f"{RELAY}/32"], domains=["example.net"])


def of_line(source, hostname, known=None):
    return identify_line(source, hostname, RELAYED, known or Known(*DEVICES, Device("rt9.example.net", 9, ())))


class TestWhoseLineItIs:
    def test_a_line_is_of_who_sent_it(self):
        assert named(of_line("192.0.2.1", None)) == "rt1"

    def test_a_name_in_the_line_is_nothing_from_who_is_no_relay(self):
        who = of_line("203.0.113.1", "rt1")
        assert named(who) is None
        assert who.called == "203.0.113.1"

    def test_a_name_of_another_device_is_told_and_not_believed(self):
        who = of_line("192.0.2.1", "rt2")
        assert named(who) == "rt1"
        assert who.disputed == {"source_address": "rt1", "hostname": "rt2"}

    def test_a_name_that_nobody_has_disputes_nothing(self):
        assert of_line("192.0.2.1", "core-switch").disputed is None

    def test_for_a_doubt_pagoda_is_not_asked(self):
        known = Known(*DEVICES)
        of_line("192.0.2.1", "rt2", known)
        assert known.asked == [["192.0.2.1"]]

    def test_from_a_relay_it_is_whom_the_line_names(self):
        who = of_line(RELAY, "rt2")
        assert named(who) == "rt2"
        assert who.disputed is None

    def test_from_a_relay_the_name_may_be_an_address(self):
        assert named(of_line(RELAY, "192.0.2.3")) == "rt3"

    def test_a_short_name_is_completed(self):
        assert named(of_line(RELAY, "rt9")) == "rt9.example.net"

    def test_a_stranger_behind_a_relay_is_not_the_relay(self):
        who = of_line(RELAY, "rt77", Known(*DEVICES, Device("relay", 7, (RELAY,))))
        assert named(who) is None
        assert who.called == "rt77"

    @pytest.mark.parametrize("hostname", [None, "all", "rt1,rt2", "{{ 1 }}", "-x"])
    def test_a_relay_that_names_nobody_speaks_for_itself(self, hostname):
        assert named(of_line(RELAY, hostname, Known(Device("relay", 7, (RELAY,))))) == "relay"
