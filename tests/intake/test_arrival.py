"""Where a datagram came to, and what an answer is told of it."""

from __future__ import annotations

import ipaddress
import socket
import struct

import pytest

from fannel.config.address import Address
from fannel.intake.arrival import arrival_octets, way_back
from fannel.intake.listen import open_listeners

HERE_4 = bytes([127, 0, 0, 2])


def arrival_4(local, destination):
    header = struct.pack("@Nii", socket.CMSG_LEN(12), socket.IPPROTO_IP, 8)
    return (header + struct.pack("@I4s4s", 7, local, destination)).ljust(arrival_octets(socket.AF_INET), b"\0")


def arrival_6(text):
    header = struct.pack("@Nii", socket.CMSG_LEN(20), socket.IPPROTO_IPV6, socket.IPV6_PKTINFO)
    info = struct.pack("@16sI", ipaddress.IPv6Address(text).packed, 7)
    return (header + info).ljust(arrival_octets(socket.AF_INET6), b"\0")


def test_an_answer_goes_out_from_the_local_address_by_whichever_interface():
    ((_, _, info),) = way_back(socket.AF_INET, arrival_4(HERE_4, bytes([255] * 4)))
    assert struct.unpack("@I4s4s", info) == (0, HERE_4, bytes(4))


@pytest.mark.parametrize(
    ("local", "interface"),
    [("2001:db8::1", 0), ("::ffff:127.0.0.2", 0), ("fe80::1", 7), ("febf::1", 7), ("fec0::1", 0)],
)
def test_only_a_link_local_address_is_bound_to_its_interface(local, interface):
    ((_, _, info),) = way_back(socket.AF_INET6, arrival_6(local))
    assert struct.unpack("@16sI", info) == (ipaddress.IPv6Address(local).packed, interface)


def test_to_what_came_to_no_address_of_ours_it_is_answered_all_the_same():
    """As an inform that was sent to a group."""
    (listener,) = open_listeners([Address("0.0.0.0", 0)], so_rcvbuf=4096)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind(("127.0.0.1", 0))
        sender.settimeout(10)
        group = bytes([239, 1, 2, 3])
        assert listener.send(b"answer", *sender.getsockname(), arrival_4(group, group))
        assert sender.recv(100) == b"answer"
    listener.close()
