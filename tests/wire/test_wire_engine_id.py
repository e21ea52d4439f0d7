"""The address in an engine id (RFC 3411 §5): found where the standard puts one, and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fannel.wire.engine_id import embedded_address

ENTERPRISE = "80000009"


@pytest.mark.parametrize(
    ("rest", "address"),
    [
        ("01 c0000201", "192.0.2.1"),
        ("02 20010db8000000000000000000000001", "2001:db8::1"),
        ("02 00000000000000000000ffffc0000201", "192.0.2.1"),
    ],
)
def test_formats_1_and_2_hold_an_address(rest, address):
    assert embedded_address(bytes.fromhex(ENTERPRISE + rest)) == address


@pytest.mark.parametrize(
    "engine_id",
    [
        *(f"{ENTERPRISE}01 c00002", f"{ENTERPRISE}01 c000020100", f"{ENTERPRISE}02 c0000201", ENTERPRISE, ""),
        *(f"{ENTERPRISE}03 c0000201aabb", f"{ENTERPRISE}04 c0000201", f"{ENTERPRISE}05 c0000201"),
        *("80001f8880c000020112345678", "00000009 01c0000201000000"),
    ],
)
def test_other_lengths_and_formats_hold_none(engine_id):
    assert embedded_address(bytes.fromhex(engine_id)) is None


@pytest.mark.parametrize("address", ["00000000", "7f000001", "a9fe0001", "e0000001"])
def test_an_address_that_every_device_has_is_none(address):
    assert embedded_address(bytes.fromhex(f"{ENTERPRISE}01{address}")) is None


@given(st.binary(max_size=40))
def test_any_octets_are_read(engine_id):
    embedded_address(engine_id)
