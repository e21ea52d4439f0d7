"""What an event gets from the directory, and how OS names are made."""

import pytest

from fannel.directory.directory import Device, Interface, Lookup
from fannel.directory.enrich import MAX_CLAIMANTS, enrich_subject, place_on, to_host
from fannel.directory.mapping import os_name
from fannel.event import Host, Subject

RT1 = Device(
    "rt1.example.net", 57, ("192.0.2.1",), os="ios", platform="Cisco IOS-XE", site="tyo1", role="core", status="active"
)
GI1 = Interface("GigabitEthernet0/1", 3, "10G to rt2", "rt2 Gi0/2", "CKT-1")


def test_a_found_device_is_a_known_host():
    host = to_host(Lookup("found", RT1, "192.0.2.1", stale_s=7), "192.0.2.1")
    assert host == Host("rt1.example.net", True, "ios", "Cisco IOS-XE", "tyo1", "core", 57, 7)


def test_a_stranger_goes_by_the_address():
    assert to_host(Lookup("unknown", stale_s=7), "192.0.2.9") == Host("192.0.2.9", known=False, stale_s=7)


def test_an_address_of_two_devices_names_both_and_is_neither():
    host = to_host(Lookup("ambiguous", among=("rt1", "rt2"), stale_s=7), "192.0.2.9")
    assert host == Host("192.0.2.9", known=False, stale_s=7, ambiguous=("rt1", "rt2"))


def test_an_address_of_everybody_makes_no_large_event():
    host = to_host(Lookup("ambiguous", among=tuple(map(str, range(10_000)))), "192.0.2.9")
    assert host.ambiguous == tuple(map(str, range(MAX_CLAIMANTS)))


def test_an_interface_fills_the_gaps_of_a_subject():
    subject = enrich_subject(Subject("interface", ifindex=3), GI1)
    assert subject == Subject("interface", "GigabitEthernet0/1", 3, "10G to rt2", "rt2 Gi0/2", "CKT-1")


def test_what_the_device_said_itself_stays():
    subject = enrich_subject(Subject("interface", "Gi0/1", 7, "said by the trap"), GI1)
    assert (subject.name, subject.ifindex, subject.description) == ("Gi0/1", 7, "said by the trap")


def test_without_an_interface_a_subject_is_unchanged():
    subject = Subject("interface", ifindex=3)
    assert enrich_subject(subject, None) is subject


def test_a_group_on_an_interface_known_by_index_is_named_as_a_line_names_it():
    group = Subject("fhrp_group", "ifindex 3 group 12", ifindex=3)
    vlan = Interface("Vl12", 3)
    assert place_on(group, vlan) == Subject("fhrp_group", "Vlan12 group 12", ifindex=3, interface="Vlan12")


@pytest.mark.parametrize(
    "subject",
    [
        Subject("fhrp_group", "Vlan12 group 12", ifindex=3, interface="Vlan12"),
        Subject("fhrp_group", "ifindex 30 group 12", ifindex=3),
        Subject("ospf_neighbor", "192.0.2.9", ifindex=3),
        Subject("fhrp_group", ifindex=3),
    ],
)
def test_what_is_named_otherwise_keeps_its_name(subject):
    assert place_on(subject, GI1) is subject


def test_where_pagoda_has_no_such_index_the_trap_has_the_last_word():
    group = Subject("fhrp_group", "ifindex 3 group 12", ifindex=3)
    assert place_on(group, None) is group


@pytest.mark.parametrize(
    ("network_os", "os"),
    [
        ("fannel.network.frr", "frr"),
        ("cisco.ios.ios", "ios"),
        ("cisco.iosxr.iosxr", "iosxr"),
        ("cisco.nxos.nxos", "nxos"),
        ("arista.eos.eos", "eos"),
        ("junipernetworks.junos.junos", "junos"),
        ("IOS", "ios"),
        (" cisco.ios.ios\n", "ios"),
        ("", None),
        (None, None),
        ("../../etc", None),
        ("{{ evil }}", None),
        ("cisco.ios.", None),
    ],
)
def test_an_os_is_named_by_the_last_part(network_os, os):
    assert os_name(network_os) == os
