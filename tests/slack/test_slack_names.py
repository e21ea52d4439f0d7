"""Short names, for display only."""

import pytest

from fannel.slack import names


@pytest.mark.parametrize(
    ("long", "short"),
    [
        ("GigabitEthernet0/1", "Gi0/1"),
        ("TenGigabitEthernet1/0/48", "Te1/0/48"),
        ("TenGigE0/0/0/1.100", "Te0/0/0/1.100"),
        ("HundredGigE0/0/1/0", "Hu0/0/1/0"),
        ("TwentyFiveGigE1/0/1", "Twe1/0/1"),
        ("Ethernet1/1", "Eth1/1"),
        ("Port-channel10", "Po10"),
        ("port-channel10", "Po10"),
        ("Bundle-Ether12", "BE12"),
        ("ge-0/0/1", "ge-0/0/1"),
        ("et-0/0/0:3", "et-0/0/0:3"),
        ("eth1", "eth1"),
        ("Ethernet", "Ethernet"),
        ("GigabitEthernet0/1 & more", "GigabitEthernet0/1 & more"),
        ("", ""),
    ],
)
def test_an_interface_is_shortened_as_engineers_write_it(long, short):
    assert names.interface(long) == short


@pytest.mark.parametrize(
    ("long", "short"),
    [
        ("rt-tyo-01.example.net", "rt-tyo-01"),
        ("rt-tyo-01", "rt-tyo-01"),
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::1"),
        (".odd", ".odd"),
    ],
)
def test_a_host_is_its_first_label_and_an_address_stays_whole(long, short):
    assert names.host(long) == short
