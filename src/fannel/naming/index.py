"""The instance part of a column's OID, split into the indices of its row (RFC 2578 §7.7).

    integer                 one sub-identifier
    IpAddress               four
    string of fixed length  one per octet
    string, OID             the length first, then one per octet or sub-identifier
    the same, IMPLIED       all that is left, without a length

Some agents (Junos' jnxBgpM2PeerTable) leave out the length of an InetAddress whose type says it already. An
instance that splits neither way has no indices: the caller still has it whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from fannel.naming import syntax as s
from fannel.naming.octets import ADDRESS_LENGTHS, ADDRESS_TYPES, render_octets

if TYPE_CHECKING:
    from collections.abc import Sequence

Indices = tuple[tuple[str, int | str], ...]

_OCTET: Final = range(256)
_IP_ADDRESS_OCTETS: Final = 4
# Far more than any table has, and than an OID of 128 sub-identifiers (RFC 2578 §3.5) can hold.
_MAX_SUB_IDENTIFIERS: Final = 128


@dataclass(frozen=True, slots=True)
class IndexPart:
    """One object of a row's INDEX clause. `address_type` names the part that says what an InetAddress here is."""

    name: str
    syntax: s.Syntax
    implied: bool = False
    address_type: str | None = None


class _UnsplittableError(Exception):
    """The instance does not follow the INDEX."""


def split(instance: str, parts: Sequence[IndexPart]) -> Indices:
    """The (name, value) of every index in `instance` (dotted); empty if it does not follow the INDEX."""
    if not parts or not instance:
        return ()
    try:
        numbers = [int(number) for number in instance.split(".", _MAX_SUB_IDENTIFIERS)]
    except ValueError:
        return ()
    for address_lengths_omitted in (False, True):
        try:
            return _split(numbers, parts, address_lengths_omitted=address_lengths_omitted)
        except _UnsplittableError:
            continue
    return ()


def _split(numbers: list[int], parts: Sequence[IndexPart], *, address_lengths_omitted: bool) -> Indices:
    indices: list[tuple[str, int | str]] = []
    types: dict[str, str] = {}
    pos = 0
    for part in parts:
        if part.syntax.base in s.INTEGER_TYPES:
            if pos >= len(numbers):
                raise _UnsplittableError
            number = numbers[pos]
            pos += 1
            if part.syntax.follows("InetAddressType"):
                types[part.name] = ADDRESS_TYPES.get(number, "unknown")
            indices.append((part.name, part.syntax.labels.get(number, number)))
            continue
        address_type = types.get(part.address_type or "")
        start, stop = _extent(numbers, pos, part, address_type, address_lengths_omitted=address_lengths_omitted)
        indices.append((part.name, _value(numbers[start:stop], part, address_type)))
        pos = stop
    if pos != len(numbers):
        raise _UnsplittableError
    return tuple(indices)


def _extent(
    numbers: list[int], pos: int, part: IndexPart, address_type: str | None, *, address_lengths_omitted: bool
) -> tuple[int, int]:
    """Where the part's own sub-identifiers start and stop, its length not among them."""
    expected = ADDRESS_LENGTHS.get(address_type or "")
    if part.implied:
        start, stop = pos, len(numbers)
    elif part.syntax.base == s.IP_ADDRESS:
        start, stop = pos, pos + _IP_ADDRESS_OCTETS
    elif part.syntax.size is not None:
        start, stop = pos, pos + part.syntax.size
    elif address_lengths_omitted and expected is not None:
        start, stop = pos, pos + expected
    else:
        if pos >= len(numbers):
            raise _UnsplittableError
        start, stop = pos + 1, pos + 1 + numbers[pos]
        if expected is not None and expected != numbers[pos]:
            raise _UnsplittableError
    if stop > len(numbers):
        raise _UnsplittableError
    return start, stop


def _value(numbers: list[int], part: IndexPart, address_type: str | None) -> str:
    if part.syntax.base == s.OBJECT_IDENTIFIER:
        return ".".join(map(str, numbers))
    if not all(number in _OCTET for number in numbers):
        raise _UnsplittableError
    return render_octets(bytes(numbers), part.syntax, address_type)
