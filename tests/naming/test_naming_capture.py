"""A cable pulled between two real routers (FRR and snmpd) and put back: every trap of the capture reads in words."""

from collections import Counter
from pathlib import Path

import dpkt
import pytest

from fannel.naming.catalogue import Catalogue
from fannel.wire.snmp import decode

CAPTURE = Path(__file__).parent.parent / "corpus" / "captures" / "link_cut_and_restore.pcap"


@pytest.fixture(scope="module")
def notifications():
    with CAPTURE.open("rb") as file:
        datagrams = [dpkt.ethernet.Ethernet(frame).data.data.data for _, frame in dpkt.pcap.Reader(file)]
    return [Catalogue.load().name(decode(datagram)) for datagram in datagrams]


def test_every_notification_and_varbind_has_a_name(notifications):
    assert Counter(notification.name for notification in notifications) == {
        "BGP4-MIB::bgpBackwardTransNotification": 15,
        "BGP4-MIB::bgpEstablishedNotification": 6,
        "OSPF-TRAP-MIB::ospfIfStateChange": 3,
        "OSPF-TRAP-MIB::ospfNbrStateChange": 4,
        "IF-MIB::linkDown": 2,
        "IF-MIB::linkUp": 2,
    }
    dotted = [
        varbind.name for notification in notifications for varbind in notification.varbinds if "." in varbind.name
    ]
    assert dotted == []


def test_the_peer_is_known_from_the_index_whatever_the_value_says(notifications):
    bgp = [notification for notification in notifications if notification.name.startswith("BGP4-MIB")]
    assert {notification.get("bgpPeerRemoteAddr").value for notification in bgp} == {
        "0.0.0.0",
        "198.19.0.1",
        "198.19.0.2",
    }
    assert {notification.index("bgpPeerRemoteAddr") for notification in bgp} == {"198.19.0.1", "198.19.0.2"}


def test_states_read_by_their_labels_and_errors_by_their_octets(notifications):
    ospf = [notification for notification in notifications if notification.name.endswith("ospfNbrStateChange")]
    assert {notification.get("ospfNbrState").value for notification in ospf} == {"down", "twoWay"}
    bgp = [notification for notification in notifications if notification.name.startswith("BGP4-MIB")]
    assert {notification.get("bgpPeerLastError").value for notification in bgp} == {"06:07", "00:00"}
