"""The road of one trap and of one syslog line, on one screen: datagram → message → kind → host → event → incident.

Every stage takes the previous stage's record and returns its own; nothing walks back. What falls off the road is a
refusal, and said as an event of its own.
"""

from __future__ import annotations

import platform
from dataclasses import dataclass, field, replace
from datetime import UTC
from typing import TYPE_CHECKING, Protocol

from fannel import logs
from fannel.config import Syslog
from fannel.directory.enrich import enrich_subject, place_on, to_host
from fannel.directory.identity import identify, identify_line, trusted_facts
from fannel.event import Host, Source
from fannel.intake import admission
from fannel.intake.datagram import SYSLOG, Note
from fannel.intake.proxied import unwrap
from fannel.intake.receiver.notice import Notice
from fannel.intake.refusals import Refusal
from fannel.intake.zones import zone_of
from fannel.normalise import lost_event, refusal_event, spooled_id, syslog_event, trap_event
from fannel.wire.snmpv3 import is_v3
from fannel.wire.syslog import parse

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from fannel.config import Trap
    from fannel.directory.directory import Device, Interface, Lookup
    from fannel.event import Event
    from fannel.incidents.store import Store
    from fannel.intake.datagram import Datagram
    from fannel.intake.proxied import Inner
    from fannel.intake.refusals import Refusals
    from fannel.intake.spool import Spooled
    from fannel.intake.v3 import V3Intake
    from fannel.kinds.classify import Classification, Kinds
    from fannel.naming.catalogue import Catalogue
    from fannel.wire.message import Message

log = logs.Logger("fannel.pipeline")

# Subjects that are a device beside the one that speaks: by address (a router id may be one) or, on IS-IS, by name.
NEIGHBORS = frozenset({"bgp_neighbor", "ospf_neighbor", "isis_neighbor", "bfd_session"})


class Directory(Protocol):
    """Who sent it: what the road needs of fannel.directory's HostDirectory."""

    def find(self, candidates: Sequence[str]) -> Lookup:
        """The device that owns the first of these addresses that anybody owns."""

    def known(self, candidates: Sequence[str]) -> Lookup:
        """The same, from memory alone."""

    def interface(self, device: Device, *, ifindex: int | None = None, name: str | None = None) -> Interface | None:
        """The interface on record."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of one datagram: an event, or a refusal (with an event if it is said)."""

    spooled: Spooled
    event: Event | None
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The stages, each given. `observe()` understands datagrams, `commit()` puts them on record."""

    trap: Trap
    catalogue: Catalogue
    kinds: Kinds
    directory: Directory
    store: Store
    refusals: Refusals
    v3: V3Intake | None = None  # None: no SNMPv3 user is configured
    syslog: Syslog = field(default_factory=Syslog)
    zone: tzinfo = UTC  # the site's

    def observe(self, spooled: Sequence[Spooled]) -> list[Seen]:
        """Decode, name, classify and enrich. Never raises, whatever the bytes are."""
        return [self._see(one) for one in spooled]

    def commit(self, seen: Sequence[Seen]) -> list[Seen]:
        """Log the events and find or open their incidents; returns the same with the events as they are on record.

        Raises:
            StoreError: nothing was recorded; commit the same again later, it changes nothing twice.
        """
        observed = [(one.event, one.spooled.datagram.payload) for one in seen if one.event is not None]
        recorded = iter(self.store.record(observed) if observed else ())
        return [one if one.event is None else replace(one, event=next(recorded)) for one in seen]

    def _see(self, spooled: Spooled) -> Seen:
        datagram = spooled.datagram
        event_id = spooled_id(datagram.received_at, spooled.id.octets())
        if datagram.note is Note.NOTICE:
            return Seen(spooled, _lost(datagram, event_id))
        understood = self._understand(datagram, event_id)
        if not isinstance(understood, Refusal):
            return Seen(spooled, understood)
        if datagram.transport in SYSLOG:
            understood = replace(understood, via="syslog")
        said = self.refusals.say(understood, datagram.received_at)
        if worst := self.refusals.worst(datagram.received_at):
            log.warning("datagrams were refused", **worst)
        if said is None:
            return Seen(spooled, None, understood)
        host = self._sender(said)
        event = refusal_event(said, received_at=datagram.received_at, host=host, event_id=event_id)
        return Seen(spooled, event, understood)

    def _understand(self, datagram: Datagram, event_id: str) -> Event | Refusal:
        """The event, or why there is none."""
        try:
            if datagram.transport in SYSLOG:
                return self._line(datagram, event_id)
            inner = unwrap(datagram, self.trap.proxy_from)
            if isinstance(inner, Refusal):
                return inner
            message = self._accept(inner.datagram)
            if isinstance(message, Refusal):
                return replace(message, proxy=inner.proxy)
            return self._event(message, inner, event_id)
        except Exception:
            # A defect of ours: one datagram must not end the source, and with it all sources. It is counted, said as
            # an event with the bytes in the log, and its traceback is here.
            log.exception("a datagram could not be understood", source=datagram.source)
            return Refusal("defect", datagram.source, "FANNEL could not cope with it; its log has the traceback")

    def _sender(self, refusal: Refusal) -> Host:
        if refusal.reason == "defect":  # which may be anywhere, in the look-up too
            return Host(refusal.source, known=False)
        return to_host(self.directory.find([refusal.source]), refusal.source)

    def _accept(self, datagram: Datagram) -> Message | Refusal:
        """Judge a datagram as its sender sent it."""
        if (refused := admission.refuse_source(datagram, self.trap)) is not None:
            return refused
        if not is_v3(datagram.payload):
            return admission.read(datagram, self.trap)
        if self.v3 is None:
            detail = "SNMPv3, and no SNMPv3 user is configured (trap.users)"
            return Refusal("unsupported_version", datagram.source, detail)
        return self.v3.accept(datagram)

    def _event(self, message: Message, inner: Inner, event_id: str) -> Event:
        datagram, proxy = inner
        notification = self.catalogue.name(message)
        who = identify(trusted_facts(datagram.source, message, self.trap), self.directory)
        device = who.lookup.device
        return trap_event(
            message,
            notification,
            self._known(self.kinds.classify(notification, device.os if device else None), device),
            received_at=datagram.received_at,
            source=Source(datagram.source, message.agent_address, message.engine_id, proxy, who.disputed),
            host=to_host(who.lookup, who.called),
            called=who.called,
            event_id=event_id,
        )

    def _line(self, datagram: Datagram, event_id: str) -> Event | Refusal:
        """The same of a syslog line, whose form nobody prescribes: only an empty one says nothing."""
        inner = unwrap(datagram, self.syslog.proxy_from)
        if isinstance(inner, Refusal):
            return inner
        datagram, proxy = inner
        source, received_at = datagram.source, datagram.received_at
        if (refused := admission.refuse_source(datagram, self.syslog)) is not None:
            return replace(refused, proxy=proxy)
        zone = zone_of(source, self.syslog, self.zone)
        message = parse(datagram.payload, received_at=received_at, zone=zone, zones=self.syslog.abbreviated)
        if not message.message and message.tag is None:
            return Refusal("undecodable", source, "a syslog line that says nothing", proxy=proxy)
        who = identify_line(source, message.hostname, self.syslog, self.directory)
        device = who.lookup.device
        return syslog_event(
            message,
            self._known(self.kinds.classify_syslog(message, device.os if device else None), device),
            received_at=received_at,
            source=Source(source, proxy=proxy, disputed=who.disputed),
            host=to_host(who.lookup, who.called),
            called=who.called,
            event_id=event_id,
        )

    def _known(self, found: Classification, device: Device | None) -> Classification:
        """The same with what pagoda knows of its subject."""
        if device is not None and found.subject.type == "interface":
            return self._described(found, device)
        if device is not None and found.subject.ifindex is not None and not found.subject.interface:
            on_record = self.directory.interface(device, ifindex=found.subject.ifindex)
            found = replace(found, subject=place_on(found.subject, on_record))
        return self._introduced(found) if found.subject.type in NEIGHBORS else found

    def _described(self, found: Classification, device: Device) -> Classification:
        """The same with what pagoda has on the interface: a name for a bare ifIndex, description, circuit, peer."""
        subject = found.subject
        on_record = self.directory.interface(device, ifindex=subject.ifindex, name=subject.name)
        known = enrich_subject(subject, on_record)
        return replace(found, subject=known)

    def _introduced(self, found: Classification) -> Classification:
        """The same with the device that a neighbour is, as far as pagoda is known to know its address."""
        subject = found.subject
        addresses = [address for address in (subject.name, subject.peer) if address]
        device = self.directory.known(addresses).device if addresses and not subject.description else None
        return found if device is None else replace(found, subject=replace(subject, description=device.name))


def _lost(datagram: Datagram, event_id: str) -> Event | None:
    """The event of what the receiver lost; None if it cannot be read, which it wrote itself."""
    try:
        notice = Notice.read(datagram.payload)
    except ValueError:
        log.exception("what the receiver lost cannot be read")
        return None
    received_at = datagram.received_at
    return lost_event(notice.lost, received_at=received_at, receiver=platform.node(), event_id=event_id)
