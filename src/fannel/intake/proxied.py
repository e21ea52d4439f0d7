"""Datagrams that came through a load balancer: who sent them really (PROXY protocol v2, `fannel.wire.proxy`). Pure.

A header is believed from the networks of `trap.proxy_from` (for syslog, `syslog.proxy_from`) alone: anyone can write
one. From there a datagram without a header is taken as it is, for devices in those networks send directly too. What is
answered goes to the outer datagram's source: the load balancer has the way back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from fannel.intake.datagram import SYSLOG
from fannel.intake.networks import within
from fannel.intake.refusals import Refusal
from fannel.wire.proxy import ProxyError, is_proxied, parse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fannel.intake.datagram import Datagram


class Inner(NamedTuple):
    """A datagram as its sender sent it, and the address of the load balancer it came through, if it did."""

    datagram: Datagram
    proxy: str | None = None


def unwrap(datagram: Datagram, proxy_from: Sequence[Any]) -> Inner | Refusal:
    """The datagram within, to be judged; or why its header is not accepted. Without a header, `datagram` itself.

    `proxy_from` are the networks of the settings. Whoever answers, answers to `datagram` and not to the inner one.
    """
    if not is_proxied(datagram.payload):
        return Inner(datagram)
    sender = datagram.source
    if not within(sender, proxy_from):
        name = "syslog" if datagram.transport in SYSLOG else "trap"
        detail = f"a PROXY protocol header, and its address is in none of {name}.proxy_from"
        return Refusal("proxy_not_allowed", sender, detail)
    try:
        source, source_port, payload = parse(datagram.payload)
    except ProxyError as error:
        return Refusal("proxy_malformed", sender, f"a PROXY protocol header with {error}")
    if source is not None:
        return Inner(datagram._replace(payload=payload, source=source, source_port=source_port), sender)
    if not payload:
        return Refusal("proxy_check", sender, "a load balancer looked whether anybody is here", routine=True)
    return Inner(datagram._replace(payload=payload))
