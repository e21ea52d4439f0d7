"""A value as it was on the wire, made into what a person reads and a rule compares.

Integers become their labels, TimeTicks stay hundredths of a second, counters stay numbers, octets become text,
OIDs become names, and what carries no value (NULL, noSuchObject …) becomes None. Nothing raises.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fannel.naming.display_hint import format_integer
from fannel.naming.octets import inet_address, opaque, render_octets
from fannel.wire.snmp import ValueType

if TYPE_CHECKING:
    from collections.abc import Callable

    from fannel.naming.syntax import Syntax
    from fannel.wire.snmp import WireVarBind

Value = int | float | str | None

# Unsigned32 has the tag of Gauge32 (RFC 2578 §7.1.7). Counters and TimeTicks have neither labels nor hints.
_REFINED = frozenset({ValueType.INTEGER, ValueType.GAUGE32})


def render(
    varbind: WireVarBind,
    syntax: Syntax | None,
    name_of: Callable[[str], str],
    address_type: str | None = None,
) -> Value:
    """What `varbind` says.

    The type on the wire decides; `syntax`, what the catalogue knows of the object, refines it where the two agree.
    `name_of` names an OID; `address_type` is the InetAddressType (its label) that goes with an InetAddress.
    """
    value = varbind.value
    if isinstance(value, int):
        return _integer(value, varbind.type, syntax)
    if isinstance(value, bytes):
        if varbind.type is ValueType.OPAQUE:
            return opaque(value)
        if varbind.type is ValueType.IP_ADDRESS:
            return inet_address(value, "ipv4")
        return render_octets(value, syntax, address_type)
    if value is not None and varbind.type is ValueType.OBJECT_IDENTIFIER:
        return name_of(value)
    return value


def _integer(value: int, value_type: ValueType, syntax: Syntax | None) -> Value:
    if syntax is None or value_type not in _REFINED:
        return value
    if syntax.labels:
        return syntax.labels.get(value, value)
    if syntax.hint is not None:
        return format_integer(syntax.hint, value)
    return value
