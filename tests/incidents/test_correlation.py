"""What follows from what, as the shipped rules say it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from events import NOW
from hypothesis import given
from hypothesis import strategies as st

from fannel.event import Subject
from fannel.incidents import consequences
from fannel.incidents.correlation import Cause, Fault
from fannel.kinds.document import KindsError

RULES = consequences.shipped()
CABLE = Fault(
    "A-CABLE",
    "rt1.example.net",
    "interface_down",
    Subject("interface", "GigabitEthernet0/1", ifindex=3, peer="rt2 Gi0/2"),
    NOW,
)


def fault(problem, subject, *, host="rt1.example.net", after_s=1.0):
    return Fault("A-OTHER", host, problem, subject, NOW + timedelta(seconds=after_s))


def why(found):
    return found and found.why


FOLLOWS = {
    "the far end, as pagoda has it": (
        fault("interface_down", Subject("interface", "GigabitEthernet0/2"), host="rt2.example.net", after_s=3000),
        "the other end of the same link as rt1.example.net GigabitEthernet0/1",
    ),
    "a sub-interface": (
        fault("interface_down", Subject("interface", "GigabitEthernet0/1.100"), after_s=100),
        "a part of GigabitEthernet0/1",
    ),
    "a bundle at the same time": (
        fault("interface_down", Subject("interface", "Port-channel1"), after_s=2),
        "a bundle that went down with GigabitEthernet0/1",
    ),
    "a bundle with too few members left": (
        fault("lag_min_links", Subject("interface", "Port-channel1"), after_s=4),
        "a bundle that went down with GigabitEthernet0/1",
    ),
    "the line protocol": (
        fault("line_protocol_down", Subject("interface", "GigabitEthernet0/1"), after_s=100),
        "the line protocol of GigabitEthernet0/1",
    ),
    "a neighbour on an unnumbered interface": (
        fault("ospf_neighbor_down", Subject("ospf_neighbor", "192.0.2.9", ifindex=3), after_s=40),
        "lies on GigabitEthernet0/1",
    ),
    "a neighbour that a line places on the port": (
        fault("isis_adjacency_down", Subject("isis_neighbor", "rt09", interface="GigabitEthernet0/1"), after_s=40),
        "lies on GigabitEthernet0/1",
    ),
    "a member of a bundle": (
        fault("lag_member_down", Subject("interface", "GigabitEthernet0/1", interface="Port-channel1"), after_s=40),
        "GigabitEthernet0/1 is a member of the bundle",
    ),
    "a neighbour that is the device at the other end, however late": (
        fault("bgp_neighbor_down", Subject("bgp_neighbor", "192.0.2.2", description="rt2.example.net"), after_s=180),
        "GigabitEthernet0/1 leads to it",
    ),
    "a neighbour nobody knows, at the same time": (
        fault("bgp_neighbor_down", Subject("bgp_neighbor", "192.0.2.2"), after_s=-2),
        "at the same time as GigabitEthernet0/1",
    ),
}
STANDS_ALONE = {
    "another port": fault("interface_down", Subject("interface", "GigabitEthernet0/2")),
    "a port whose name begins the same": fault("interface_down", Subject("interface", "GigabitEthernet0/10")),
    "a neighbour that a line places on another port": fault(
        "isis_adjacency_down", Subject("isis_neighbor", "rt09", interface="GigabitEthernet0/2"), after_s=40
    ),
    "a bundle later": fault("interface_down", Subject("interface", "Port-channel1"), after_s=60),
    "a neighbour nobody knows, later": fault("bgp_neighbor_down", Subject("bgp_neighbor", "192.0.2.2"), after_s=60),
    "a neighbour of another device": fault("bgp_neighbor_down", Subject("bgp_neighbor", "x"), host="rt3.example.net"),
    "a port of that name on a third device": fault(
        "interface_down", Subject("interface", "GigabitEthernet0/2"), host="rt22.example.net"
    ),
    "another problem on the same port": fault("transceiver", Subject("interface", "GigabitEthernet0/1", ifindex=3)),
}


@pytest.mark.parametrize("case", FOLLOWS)
def test_what_follows_is_attached_and_says_why(case):
    consequence, reason = FOLLOWS[case]
    assert RULES.cause_of(consequence, [CABLE]) == Cause("A-CABLE", reason)


@pytest.mark.parametrize("case", STANDS_ALONE)
def test_what_does_not_follow_stands_alone(case):
    assert RULES.cause_of(STANDS_ALONE[case], [CABLE]) is None


@pytest.mark.parametrize(
    ("problem", "cause", "name"),
    [
        ("interface_down", "interface_err_disabled", "GigabitEthernet0/1"),
        ("mac_limit", "interface_err_disabled", "GigabitEthernet0/1"),
        ("interface_down", "lag_min_links", "Port-channel1"),
    ],
)
def test_a_link_that_is_down_follows_from_the_port_or_bundle_that_its_device_disabled(problem, cause, name):
    port = Subject("interface", name, ifindex=3)
    disabled = replace(CABLE, problem=cause, subject=port)
    found = RULES.cause_of(fault(problem, port), [disabled])
    assert found == Cause("A-CABLE", f"the device itself took {name} out of service")


def test_the_far_end_is_known_from_either_side():
    here = replace(CABLE, subject=replace(CABLE.subject, peer=None))
    there = fault("interface_down", Subject("interface", "eth1", peer="rt1 Gi0/1"), host="rt2")
    assert why(RULES.cause_of(there, [here])) == "the other end of the same link as rt1.example.net GigabitEthernet0/1"


def test_of_two_causes_the_nearest_in_time_is_taken_and_a_sure_one_before_a_guess():
    other = replace(CABLE, id="A-NEAR", subject=Subject("interface", "GigabitEthernet0/7"), raised_at=NOW)
    guess = fault("bgp_neighbor_down", Subject("bgp_neighbor", "192.0.2.2"), after_s=0)
    earlier = replace(CABLE, raised_at=NOW - timedelta(seconds=5))
    assert RULES.cause_of(guess, [earlier, other]).id == "A-NEAR"
    sure = replace(guess, subject=replace(guess.subject, description="rt2"))
    assert RULES.cause_of(sure, [other, earlier]).id == "A-CABLE"


def test_what_follows_from_a_consequence_is_attached_to_the_cause_of_both():
    far = Fault("A-FAR", "rt2", "interface_down", Subject("interface", "GigabitEthernet0/2"), NOW, root="A-CABLE")
    lost = fault("bgp_neighbor_down", Subject("bgp_neighbor", "192.0.2.1"), host="rt2")
    assert RULES.cause_of(lost, [far]) == Cause("A-CABLE", "at the same time as GigabitEthernet0/2")


def test_nothing_follows_from_its_own_consequence():
    far = Fault("A-FAR", "rt2", "interface_down", Subject("interface", "GigabitEthernet0/2"), NOW, root="A-CABLE")
    assert RULES.cause_of(CABLE, [far, CABLE]) is None


def test_a_link_that_is_down_never_waits_and_nothing_waits_longer_than_ten_seconds():
    assert "interface_down" not in RULES.hold_s
    assert max(RULES.hold_s.values()) <= 10


def test_a_name_with_braces_is_a_name_and_nothing_else():
    hostile = replace(CABLE, subject=Subject("interface", "{cause}{0.__class__}", ifindex=3))
    part = fault("ospf_neighbor_down", Subject("ospf_neighbor", "x", ifindex=3))
    assert why(RULES.cause_of(part, [hostile])) == "lies on {cause}{0.__class__}"


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        ("bgp_neighbor_down: 5", "bgp_neighbor_down: 11"),
        ("  bgp_neighbor_down: 5\n", "  interface_down: 5\n"),
        ("where: far_end", "where: far_and"),
        ("    within_s: 10\n", ""),
        ("outlives_s: 30", "outlives_s: 0"),
    ],
)
def test_a_mistake_in_the_file_is_said_with_its_line(tmp_path, mistake, said):
    text = (consequences.resources.files("fannel.incidents") / "consequences.yml").read_text()
    assert mistake in text
    path = tmp_path / "consequences.yml"
    path.write_text(text.replace(mistake, said, 1))
    with pytest.raises(KindsError, match=r"consequences\.yml:\d+: "):
        consequences.read(path)


SUBJECTS = st.builds(
    Subject,
    st.sampled_from(["interface", "bgp_neighbor"]),
    name=st.none() | st.text(max_size=6) | st.sampled_from(["eth1", "ae1", "eth1.5"]),
    ifindex=st.none() | st.integers(1, 3),
    description=st.none() | st.text(max_size=5),
    peer=st.none() | st.text(max_size=8) | st.sampled_from(["rt1 eth1", "rt2 eth1"]),
)
FAULTS = st.builds(
    Fault,
    st.sampled_from("abcdef"),
    st.sampled_from(["rt1", "rt2"]),
    st.sampled_from(["interface_down", "bgp_neighbor_down", "other"]),
    SUBJECTS,
    st.integers(-20, 20).map(lambda s: NOW + timedelta(seconds=s)),
    st.none() | st.sampled_from("abcdef"),
)


@given(FAULTS, st.lists(FAULTS, max_size=6))
def test_whatever_the_names_are_a_cause_is_one_of_the_others_and_never_itself(one, others):
    found = RULES.cause_of(one, others)
    assert found is None or (found.id != one.id and found.id in {o.root or o.id for o in others})
