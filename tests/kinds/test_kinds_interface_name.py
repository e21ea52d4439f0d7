"""One spelling for one interface, on every system; and no harm to names that only look alike."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fannel.kinds.interface_name import canonical_interface_name, spellings


@pytest.mark.parametrize(
    ("sent", "canonical"),
    [
        # IOS, IOS-XE
        ("Gi0/1", "GigabitEthernet0/1"),
        ("Gig0/1", "GigabitEthernet0/1"),
        ("GigabitEthernet0/1", "GigabitEthernet0/1"),
        ("GigabitEthernet 0/1", "GigabitEthernet0/1"),
        (" Gi1/0/24 ", "GigabitEthernet1/0/24"),
        ("Gi0/0/1.100", "GigabitEthernet0/0/1.100"),
        ("Te1/1/1", "TenGigabitEthernet1/1/1"),
        ("Tw1/0/1", "TwoGigabitEthernet1/0/1"),
        ("Twe1/0/1", "TwentyFiveGigE1/0/1"),
        ("Fa0/0.1-802.1Q vLAN subif", "FastEthernet0/0.1"),
        ("Po1", "Port-channel1"),
        ("Vl10", "Vlan10"),
        ("Se0/0/0:15", "Serial0/0/0:15"),
        # IOS-XR: four numbers
        ("Te0/0/0/1", "TenGigE0/0/0/1"),
        ("TenGigE0/0/0/1", "TenGigE0/0/0/1"),
        ("Te0/0/0/1/2", "TenGigE0/0/0/1/2"),
        ("Gi0/0/0/0", "GigabitEthernet0/0/0/0"),
        ("Hu0/0/1/0", "HundredGigE0/0/1/0"),
        ("FH0/0/0/3", "FourHundredGigE0/0/0/3"),
        ("BE10", "Bundle-Ether10"),
        ("BE10.200", "Bundle-Ether10.200"),
        # NX-OS
        ("Eth1/1", "Ethernet1/1"),
        ("Ethernet1/1", "Ethernet1/1"),
        ("port-channel11", "port-channel11"),
        ("port-channel 11", "port-channel11"),
        ("loopback0", "loopback0"),
        ("mgmt0", "mgmt0"),
        # EOS
        ("Et1", "Ethernet1"),
        ("Et49/1", "Ethernet49/1"),
        ("Port-Channel1", "Port-Channel1"),
        ("Ma1", "Management1"),
        ("Vx1", "Vxlan1"),
        # Huawei VRP
        ("GE0/0/1", "GigabitEthernet0/0/1"),
        ("XGE0/0/1", "XGigabitEthernet0/0/1"),
    ],
)
def test_abbreviations_become_the_vendors_full_name(sent, canonical):
    assert canonical_interface_name(sent) == canonical


@pytest.mark.parametrize(
    "name",
    [
        "eth1", "eth1.100", "lo", "lo0", "ens3", "br-lan", "vlan10", "gi0", "et1",  # Linux and FRR
        "ge-0/0/0", "xe-0/0/1.100", "et-0/0/0:1", "ae0", "irb.10", "lo0.0", "fxp0", "em0",  # Junos
        "MgmtEth0/RP0/CPU0/0", "Eth-Trunk1", "100GE1/0/1", "ethernet-1/1", "nve1", "Nu", "", "Vlan-interface10",
        "Intel Corporation 82540EM Gigabit Ethernet Controller", "GigabitEthernet0/1-mpls layer",
    ],
)  # fmt: skip
def test_names_of_other_kinds_stay_as_they_are(name):
    assert canonical_interface_name(name) == name


@settings(deadline=None)  # the machine may be busy
@given(st.text(max_size=300))
def test_a_canonical_name_is_bounded_tidy_and_its_own_canonical_name(name):
    canonical = canonical_interface_name(name)
    assert len(canonical) <= 255 + len("FourHundredGigE")
    assert canonical == " ".join(canonical.split())
    assert canonical_interface_name(canonical) == canonical


@settings(deadline=None)  # the machine may be busy
@given(st.sampled_from(["Gi", "Te", "Eth", "Et", "Po", "Hu"]), st.lists(st.integers(0, 63), min_size=1, max_size=4))
def test_an_abbreviation_and_its_full_name_are_the_same_port(short, numbers):
    number = "/".join(map(str, numbers))
    full = canonical_interface_name(short + number)
    assert full != short + number
    assert canonical_interface_name(full) == canonical_interface_name(f"{full[: -len(number)]} {number}") == full


@pytest.mark.parametrize(
    ("name", "among"),
    [
        ("GigabitEthernet0/1", "Gi0/1"),
        ("Gi0/1", "GigabitEthernet0/1"),
        ("Ethernet1/1", "Eth1/1"),
        ("TenGigE0/0/0/1", "Te0/0/0/1"),
        ("Bundle-Ether12", "BE12"),
        ("port-channel10", "Po10"),
        ("ge-0/0/0.0", "ge-0/0/0.0"),
    ],
)
def test_every_way_a_device_shortens_a_name_should_be_among_its_spellings(name, among):
    assert among in spellings(name)
    assert len(set(spellings(name))) == len(spellings(name))
