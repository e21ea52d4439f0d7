"""What a MIB says about a value: its base type, its textual conventions, labels, bits and display hint.

A `Syntax` is already resolved: whatever chain of textual conventions (RFC 2579) led to the base type (RFC 2578 §7.1)
was followed when the MIB was converted, so that rendering a value never looks anything up.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

OCTETS: Final = "OCTET STRING"
OBJECT_IDENTIFIER: Final = "OBJECT IDENTIFIER"
IP_ADDRESS: Final = "IpAddress"
BITS: Final = "Bits"

INTEGER_TYPES: Final = frozenset(
    {"INTEGER", "Integer32", "Unsigned32", "Gauge32", "Counter32", "Counter64", "TimeTicks"},
)
BASE_TYPES: Final = INTEGER_TYPES | {OCTETS, OBJECT_IDENTIFIER, IP_ADDRESS, BITS, "Opaque"}


@dataclass(frozen=True, slots=True, eq=False)
class Syntax:
    """The resolved type of one object.

    `conventions` are the textual conventions from the object's own outwards (`CbgpAddress`, `InetAddress`), `labels`
    the names of an enumeration, `bits` the names by bit number, `size` the length in octets where it is fixed.
    """

    base: str
    conventions: tuple[str, ...] = ()
    labels: Mapping[int, str] = field(default_factory=dict)
    bits: Mapping[int, str] = field(default_factory=dict)
    hint: str | None = None
    size: int | None = None

    def follows(self, convention: str) -> bool:
        """Whether `convention` is among the textual conventions this type is built on."""
        return convention in self.conventions
