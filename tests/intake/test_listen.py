"""Where datagrams arrive: an address that cannot be had is named, with what would help."""

from __future__ import annotations

import pytest

from fannel.intake.listen import ListenError, bind


@pytest.mark.parametrize(
    ("host", "words"), [("192.0.2.77", "no such address"), ("no.such.host.invalid", "not an address to listen on")]
)
def test_an_address_it_cannot_have_is_named_with_the_remedy(host, words):
    with pytest.raises(ListenError, match=words) as raised:
        bind(host, 0)
    assert host in str(raised.value)
