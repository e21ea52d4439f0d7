"""A batch comes back as it was packed; what was not packed is told from it."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spooling import datagram

from fannel.intake.datagram import Datagram, Note, Transport
from fannel.intake.spool.errors import Damage
from fannel.intake.spool.packing import checksum, pack, pack_positions, unpack, unpack_positions

datagrams = st.builds(
    Datagram,
    payload=st.binary(max_size=300),
    source=st.ip_addresses().map(str),
    source_port=st.integers(0, 65_535),
    received_at=st.datetimes(timezones=st.sampled_from([UTC, datetime.now().astimezone().tzinfo])),
    note=st.sampled_from(Note),
    transport=st.sampled_from(Transport),
)
# Two datagrams as a FANNEL packed them that knew no syslog: 192.0.2.1 (Note.NONE) and 2001:db8::1 (ACKNOWLEDGED).
OLD = bytes.fromhex(
    "5634129f414606005734129f41460600409ce9030300000001000000090b00013139322e302e322e31323030313a6462383a3a3161626364"
)


@given(st.lists(datagrams, max_size=20))
def test_a_batch_comes_back_as_it_was(batch):
    assert unpack(pack(batch), len(batch)) == batch


def test_the_largest_datagram_fits():
    largest = [datagram(b"x" * 65_535, source="2001:db8:ffff:ffff:ffff:ffff:ffff:ffff")] * 3
    assert unpack(pack(largest), 3) == largest


def test_what_an_older_fannel_spooled_came_by_snmp():
    first, second = unpack(OLD, 2)
    assert (first.payload, first.source, first.source_port, first.note) == (b"abc", "192.0.2.1", 40_000, Note.NONE)
    assert (second.payload, second.source, second.note) == (b"d", "2001:db8::1", Note.ACKNOWLEDGED)
    assert {first.transport, second.transport} == {Transport.SNMP_UDP}


def test_snmp_is_packed_as_an_older_fannel_reads_it():
    assert pack(unpack(OLD, 2)) == OLD


@given(st.binary(max_size=200), st.integers(0, 10))
def test_foreign_octets_are_damage_or_datagrams_and_nothing_else(octets, count):
    with contextlib.suppress(Damage):
        assert len(unpack(octets, count)) == count


def test_positions_come_back_and_none_means_all():
    assert list(unpack_positions(pack_positions([0, 7, 65_535]), 3)) == [0, 7, 65_535]
    assert list(unpack_positions(None, 3)) == [0, 1, 2]
    with pytest.raises(Damage):
        unpack_positions(b"\0\0", 3)


def test_the_checksum_covers_body_and_positions():
    assert len({checksum(b"ab", None), checksum(b"ac", None), checksum(b"ab", b"\1"), checksum(b"ab", b"\2")}) == 4
