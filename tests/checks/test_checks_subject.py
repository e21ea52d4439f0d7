"""What a person types as a subject, and what is understood."""

from __future__ import annotations

import pytest

from fannel.checks.subject import subject_of
from fannel.event import Subject


@pytest.mark.parametrize(
    ("kind", "text", "subject"),
    [
        ("interface", "Gi0/1", Subject("interface", name="GigabitEthernet0/1")),
        ("bgp_neighbor", "192.0.2.1", Subject("bgp_neighbor", name="192.0.2.1", peer="192.0.2.1")),
        (
            "bgp_neighbor",
            "2001:db8::1 vrf CUST-A",
            Subject("bgp_neighbor", name="2001:db8::1", peer="2001:db8::1", vrf="CUST-A"),
        ),
        ("bfd_session", "4097", Subject("bfd_session", name="4097")),
        ("fhrp_group", "Vl10 group 5", Subject("fhrp_group", name="Vlan10 group 5", interface="Vlan10")),
        ("fhrp_group", "ae0.20 Group 1", Subject("fhrp_group", name="ae0.20 group 1", interface="ae0.20")),
        ("fhrp_group", "5", Subject("fhrp_group", name="5")),
        ("device", " ", Subject("device")),
    ],
)
def test_a_typed_subject_is_what_an_event_would_name(kind, text, subject):
    assert subject_of(kind, text) == subject


def test_where_a_neighbour_is_reached_may_be_said_besides():
    assert subject_of("ospf_neighbor", "192.0.2.2", "Gi0/1").interface == "Gi0/1"
