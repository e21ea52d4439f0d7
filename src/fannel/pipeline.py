"""The road of one trap, on one screen: datagram → message → notification → kind → host → event → incident.

Every stage takes the previous stage's record and returns its own; nothing walks back. What falls off the road is
counted, and said as an event of its own.
"""

from __future__ import annotations

import hmac
import ipaddress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from fannel.directory.enrich import enrich_subject, to_host
from fannel.event import Source
from fannel.intake.refusals import Reason, Refusal
from fannel.normalise import aliases, refusal_event, trap_event
from fannel.wire.ber import DecodeError
from fannel.wire.snmp import NotANotification, UnsupportedVersion, decode, inform_response

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fannel.config import Trap
    from fannel.directory.directory import Device, Interface, Lookup
    from fannel.event import Event
    from fannel.incidents.store import Store
    from fannel.intake.counters import Counters
    from fannel.intake.refusals import Refusals
    from fannel.intake.udp import Datagram
    from fannel.kinds.classify import Kinds
    from fannel.naming.catalogue import Catalogue
    from fannel.wire.message import Message


class Directory(Protocol):
    """Who sent it: what the road needs of fannel.directory's HostDirectory."""

    def find(self, candidates: Sequence[str]) -> Lookup:
        """The device that owns the first of these addresses that anybody owns."""

    def interface(self, device: Device, *, ifindex: int | None = None, name: str | None = None) -> Interface | None:
        """The interface on record."""


class Acknowledger(Protocol):
    """Whoever holds the socket that informs came through."""

    def acknowledge(self, datagram: Datagram, response: bytes) -> None:
        """Answer the sender of an inform."""


@dataclass(frozen=True, slots=True)
class Observed:
    """A batch that was understood and is not yet on record. Committing it again changes nothing."""

    events: tuple[tuple[Event, bytes], ...]
    informs: tuple[Datagram, ...]
    refused: tuple[Refusal, ...]
    accepted: int


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The stages, each given. `observe()` understands datagrams, `commit()` puts them on record."""

    trap: Trap
    catalogue: Catalogue
    kinds: Kinds
    directory: Directory
    store: Store
    counters: Counters
    refusals: Refusals

    def observe(self, datagrams: Sequence[Datagram]) -> Observed:
        """Decode, name, classify and enrich. Never raises, whatever the bytes are."""
        events: list[tuple[Event, bytes]] = []
        informs: list[Datagram] = []
        refused: list[Refusal] = []
        for datagram in datagrams:
            message = self._accept(datagram)
            if isinstance(message, Refusal):
                refused.append(message)
                if (said := self.refusals.say(message, datagram.received_at)) is not None:
                    host = to_host(self._who(datagram.source), datagram.source)
                    said_event = refusal_event(said, received_at=datagram.received_at, host=host)
                    events.append((said_event, datagram.payload))
                continue
            events.append((self._event(message, datagram), datagram.payload))
            if message.pdu == "inform":
                informs.append(datagram)
        return Observed(tuple(events), tuple(informs), tuple(refused), len(datagrams) - len(refused))

    def commit(self, observed: Observed, sockets: Acknowledger) -> list[Event]:
        """Log the events, find or open their incidents, then acknowledge the informs: in this order.

        Raises:
            StoreError: nothing was recorded or acknowledged; commit the same batch again later.
        """
        recorded = self.store.record(observed.events) if observed.events else []
        for datagram in observed.informs:
            sockets.acknowledge(datagram, inform_response(datagram.payload))
        self.counters.add("handled", n=observed.accepted)
        for refusal in observed.refused:
            self.counters.add("rejected", refusal.reason)
        return recorded

    def _accept(self, datagram: Datagram) -> Message | Refusal:
        def refusal(reason: Reason, detail: str) -> Refusal:
            return Refusal(reason, datagram.source, detail)

        if not _within(datagram.source, self.trap.allowed_sources):
            return refusal("source_not_allowed", "its address is in none of trap.allowed_sources")
        try:
            message = decode(datagram.payload)
        except UnsupportedVersion as error:
            return refusal("unsupported_version", str(error))
        except NotANotification as error:
            return refusal("not_a_notification", str(error))
        except DecodeError as error:
            return refusal("undecodable", str(error))
        if not any(
            hmac.compare_digest(message.community, c.get_secret_value().encode()) for c in self.trap.communities
        ):
            return refusal("bad_community", f"an SNMP v{message.version} {message.pdu} with a community not configured")
        return message

    def _event(self, message: Message, datagram: Datagram) -> Event:
        notification = self.catalogue.name(message)
        lookup = self._who(datagram.source, message.agent_address)
        event = trap_event(
            message,
            notification,
            self.kinds.classify(notification),
            received_at=datagram.received_at,
            source=Source(datagram.source, agent_address=message.agent_address),
            host=to_host(lookup, datagram.source),
        )
        return self._described(event, lookup) if lookup.device and event.subject.type == "interface" else event

    def _described(self, event: Event, lookup: Lookup) -> Event:
        """The event with what pagoda has on its interface: a name for a bare ifIndex, description, circuit, peer."""
        subject = event.subject
        if lookup.device is None:
            return event
        on_record = self.directory.interface(lookup.device, ifindex=subject.ifindex, name=subject.name)
        described = replace(event, subject=enrich_subject(subject, on_record))
        return replace(described, aliases=aliases(described))

    def _who(self, source: str, agent_address: str | None = None) -> Lookup:
        """The device by the configured order of trust; an agent address counts only from where it is believed."""
        believed = agent_address and _within(source, self.trap.agent_address_from)
        facts = {"source_address": source, "agent_address": agent_address if believed else None}
        trusted = [address for name in self.trap.trust if (address := facts[name]) is not None]
        return self.directory.find(trusted or [source])


def _within(address: str, networks: Sequence[Any]) -> bool:
    parsed = ipaddress.ip_address(address)
    return any(parsed.version == network.version and parsed in network for network in networks)
