"""Which values reach a command: those of the subject's own kind that match their type, and no others."""

import pytest

from fannel.checks.placeholder import (
    MissingValueError,
    UnfitValueError,
    fill,
    fill_first,
    known_values,
    names_of,
    value_of,
)
from fannel.event import Subject

FORMS = (
    "show bgp vpnv4 unicast vrf {vrf} neighbors {peer4}",
    "show bgp ipv4 unicast neighbors {peer4}",
    "show bgp ipv6 unicast neighbors {peer6}",
)


def bgp(peer, vrf=None):
    return Subject("bgp_neighbor", name=peer, peer=peer, vrf=vrf)


@pytest.mark.parametrize(
    ("subject", "line"),
    [
        (bgp("192.0.2.1", "CUST-A"), "show bgp vpnv4 unicast vrf CUST-A neighbors 192.0.2.1"),
        (bgp("192.0.2.1"), "show bgp ipv4 unicast neighbors 192.0.2.1"),
        (bgp("2001:DB8::1"), "show bgp ipv6 unicast neighbors 2001:db8::1"),
    ],
)
def test_the_first_form_whose_values_are_known_should_be_run(subject, line):
    assert fill_first(FORMS, subject) == line


@pytest.mark.parametrize("vrf", ["x | redirect flash:a", "a b", "a;b", "a\nb", "", "é", "x" * 65, "-", "a?", '"a"'])
def test_a_value_that_does_not_match_should_stop_and_not_fall_back_to_another_form(vrf):
    with pytest.raises(UnfitValueError, match="nothing was sent"):
        fill_first(FORMS, bgp("192.0.2.1", vrf))


@pytest.mark.parametrize("peer", ["192.0.2.1; reload", "192.0.2.256", "fe80::1%eth0", "rt1", "1", "::ffff:x"])
def test_a_peer_that_is_no_address_should_not_reach_a_device(peer):
    with pytest.raises(UnfitValueError):
        fill_first(FORMS, bgp(peer))


def test_an_ospf_neighbour_should_be_an_address_and_its_router_id_another():
    subject = Subject("ospf_neighbor", name="192.0.2.2", peer="198.51.100.7")
    assert (value_of("peer", subject), value_of("router_id", subject)) == ("192.0.2.2", "198.51.100.7")
    assert names_of(subject) == ["192.0.2.2", "198.51.100.7"]


def test_a_session_named_by_its_number_should_have_no_address():
    subject = Subject("bfd_session", name="4097")
    assert value_of("discriminator", subject) == "4097"
    with pytest.raises(MissingValueError):
        fill("show bfd neighbor {peer}", subject)


def test_a_process_should_enter_a_command_by_its_name():
    assert fill("show processes {process}", Subject("process", name="bgp")) == "show processes bgp"
    assert "process" not in known_values(Subject("interface", name="bgp"))


@pytest.mark.parametrize("name", ["BGP Router", "rpd; reload", "rpd|no-more", "-rpd", "", "é", "x" * 65])
def test_what_is_no_name_of_a_process_should_not_reach_a_device(name):
    with pytest.raises(UnfitValueError):
        fill("show processes {process}", Subject("process", name=name))


def test_the_interface_a_neighbour_is_reached_by_should_be_its_interface():
    assert value_of("interface", Subject("ospf_neighbor", name="192.0.2.2", interface="Gi0/1")) == "Gi0/1"
    assert "interface" not in known_values(Subject("ospf_neighbor", name="192.0.2.2"))


def test_a_gateway_group_should_have_the_number_its_name_ends_with_and_the_interface_it_is_on():
    subject = Subject("fhrp_group", name="Vlan10 group 5", interface="Vlan10")
    assert fill("show standby {interface} {group}", subject) == "show standby Vlan10 5"


@pytest.mark.parametrize("name", ["Vlan10 group x", "Vlan10 group 99999", "5", "Vlan10 group 5 | reload", None])
def test_a_gateway_group_without_a_number_should_have_none(name):
    with pytest.raises(MissingValueError):
        value_of("group", Subject("fhrp_group", name=name, interface="Vlan10"))
