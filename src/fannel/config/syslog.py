"""The section `[syslog]`: where lines arrive, whose are heard, how times are read, and what of it is for the rules."""

from __future__ import annotations

import functools
import ipaddress
from typing import TYPE_CHECKING, Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, IPvAnyNetwork

from fannel.config.address import Address, ListenAddress  # noqa: TC001  (pydantic reads annotations when it runs)
from fannel.config.section import Section
from fannel.config.zone import ZoneName  # noqa: TC001  (pydantic reads annotations when it runs)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo

SyslogSeverity = Literal["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"]


class SyslogZone(Section):
    """Devices within `network` write local time of `timezone` where they name no zone."""

    network: IPvAnyNetwork
    timezone: ZoneName


class Syslog(Section):
    """Where syslog arrives, and what is believed and made of it."""

    # Nothing unless told; a rulebook's syslog source listens on UDP 5514 where nothing is said.
    udp: tuple[ListenAddress, ...] = ()
    # As `trap.reuse_port`.
    reuse_port: bool = False
    allowed_sources: tuple[IPvAnyNetwork, ...] = (
        ipaddress.ip_network("0.0.0.0/0"),
        ipaddress.ip_network("::/0"),
    )
    # Who passes on what others said: from there the host name in the line names the device, from elsewhere the address.
    relays: tuple[IPvAnyNetwork, ...] = ()
    # What completes a name without a dot, so that it is one pagoda has; the first that does.
    domains: tuple[str, ...] = ()
    # Load balancers that put the sender's address in front (PROXY protocol v2).
    proxy_from: tuple[IPvAnyNetwork, ...] = ()
    # For times without a zone: of these networks, first match wins; of all others. None: the site's.
    zones: tuple[SyslogZone, ...] = ()
    timezone: ZoneName | None = None
    # Abbreviations that mean different zones in different places ("CST"), or that somebody made up.
    abbreviations: dict[str, ZoneName] = Field(default_factory=dict)
    # Lines of no kind: the least severity that goes to the rules ("none": not one), and how many of one device with one
    # tag are recorded in a minute, each with its text (0: all); the next one says in `repeats` what came meanwhile.
    unknown_to_rules: SyslogSeverity | Literal["none"] = "crit"
    unknown_a_minute: Annotated[int, Field(ge=0, le=1_000_000)] = 60

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Where to listen."""
        return self.udp

    @functools.cached_property
    def abbreviated(self) -> Mapping[str, tzinfo]:
        """The zones by the operator's abbreviations."""
        return {name: ZoneInfo(zone) for name, zone in self.abbreviations.items()}
