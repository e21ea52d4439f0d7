"""Which device sent a notification or a line: several facts, in a configured order of trust, and never a guess.

    source address   where the packet came from, or what a load balancer says of that; wrong behind a relay or NAT
    agent address    what the message says (v1 agent-addr, snmpTrapAddress); anyone can write any
    engine id        SNMPv3: the engine that the settings name, or the address within it; only where authenticated
    host name        what a syslog line says; believed from relays, which pass on what others said, and from nobody else

The first fact that names one device decides. Where another trusted fact names another device, both are told
(`Identity.disputed`). Nothing but memory is asked for that: a doubt is not worth a question to pagoda.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from fannel.host_name import is_host_name
from fannel.intake.networks import within
from fannel.wire.engine_id import embedded_address

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fannel.config import Syslog, Trap
    from fannel.directory.directory import Lookup
    from fannel.wire.message import Message


class Devices(Protocol):
    """Whoever knows devices by address and name: fannel.directory's HostDirectory."""

    def find(self, candidates: Sequence[str]) -> Lookup:
        """The device that owns the first of these that anybody owns."""

    def known(self, candidates: Sequence[str]) -> Lookup:
        """The same, from memory alone."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What became of the question.

    `called` is the text that decided (the one trusted most while nobody knows any): the sender's name for as long as it
    has no better. `disputed` names devices by fact, where trusted facts name different ones.
    """

    lookup: Lookup
    called: str
    disputed: dict[str, str] | None = None


def trusted_facts(source: str, message: Message | None, trap: Trap) -> dict[str, str]:
    """Each trusted fact that there is, the one trusted most first, as an address or name to be looked up."""
    facts = {"source_address": source}
    if message is not None:
        if message.agent_address and within(source, trap.agent_address_from):
            facts["agent_address"] = message.agent_address
        if message.engine_id and message.authenticated and (named := _engine(message.engine_id, trap)):
            facts["engine_id"] = named
    trusted: dict[str, str] = {name: facts[name] for name in trap.trust if name in facts}
    return trusted or {"source_address": source}


def identify(facts: dict[str, str], devices: Devices) -> Identity:
    """The device that the first of these facts names, and whether the others agree."""
    candidates = list(dict.fromkeys(facts.values()))
    lookup = devices.find(candidates)
    called = lookup.candidate if lookup.status != "unknown" and lookup.candidate else candidates[0]
    if lookup.device is None or len(candidates) == 1:
        return Identity(lookup, called)
    named = {}
    for fact, text in facts.items():
        device = lookup.device if text == lookup.candidate else devices.known([text]).device
        if device is not None:
            named[fact] = device.name
    return Identity(lookup, called, named if len(set(named.values())) > 1 else None)


def identify_line(source: str, hostname: str | None, syslog: Syslog, devices: Devices) -> Identity:
    """The device that a syslog line is of.

    From a relay that is whoever the line names, known or not, and never the relay, unless the line names nobody. From
    elsewhere it is the source; a name of another device is told, and not believed.
    """
    names = _names(hostname, syslog.domains)
    if names and within(source, syslog.relays):
        lookup = devices.find(names)
        return Identity(lookup, lookup.candidate if lookup.status != "unknown" and lookup.candidate else names[-1])
    who = identify({"source_address": source}, devices)
    device = who.lookup.device
    claimed = devices.known(names).device if names and device is not None else None
    if device is None or claimed is None or claimed.name == device.name:
        return who
    return replace(who, disputed={"source_address": device.name, "hostname": claimed.name})


def _names(hostname: str | None, domains: Sequence[str]) -> list[str]:
    """What a line's host may be called in pagoda; nothing where the text can be no host."""
    if hostname is None or not is_host_name(hostname):
        return []
    return [hostname] if "." in hostname or ":" in hostname else [*(f"{hostname}.{one}" for one in domains), hostname]


def _engine(engine_id: str, trap: Trap) -> str | None:
    return trap.engines.get(engine_id) or embedded_address(bytes.fromhex(engine_id))
