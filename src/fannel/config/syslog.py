"""The section `[syslog]`: where lines arrive, whose are heard, how times are read, and what of it is for the rules."""

from __future__ import annotations

import functools
import ipaddress
from pathlib import Path  # noqa: TC003  (pydantic reads annotations when it runs)
from typing import TYPE_CHECKING, Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, IPvAnyNetwork, model_validator

from fannel.config.address import Address, ListenAddress
from fannel.config.section import Section, about
from fannel.config.zone import ZoneName  # noqa: TC001  (pydantic reads annotations when it runs)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo

# Where a rulebook's syslog source listens when nothing is said: 514 needs a capability, as 162 does.
SOURCE_UDP = Address("0.0.0.0", 5514)  # noqa: S104  (a receiver listens to the network)

SyslogSeverity = Literal["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"]


class SyslogZone(Section):
    """Devices within `network` write local time of `timezone` where they name no zone."""

    network: IPvAnyNetwork
    timezone: ZoneName


class Syslog(Section):
    """Where syslog arrives, and what is believed and made of it."""

    # Nothing unless told; a rulebook's syslog source listens on UDP 5514 where nothing is said.
    udp: tuple[ListenAddress, ...] = ()
    # Over TCP, and over TLS with this certificate; where the key is not in that file, too, `tls_key_file` has it.
    tcp: tuple[ListenAddress, ...] = ()
    tls: tuple[ListenAddress, ...] = ()
    tls_cert_file: Path | None = None
    tls_key_file: Path | None = None
    # Whose client certificates are demanded, and which of their names are let in (`*.example.net`); none: all of these.
    tls_client_ca_file: Path | None = None
    tls_client_names: tuple[str, ...] = ()
    # Of one connection: the longest line (the rest of a longer one is left out). How many there may be at once.
    line_octets: Annotated[int, Field(ge=480, le=65_535)] = 8192
    connections: Annotated[int, Field(ge=1, le=100_000)] = 500
    connections_per_source: Annotated[int, Field(ge=1, le=100_000)] = 50
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

    @model_validator(mode="after")
    def _certificates(self) -> Self:
        if self.tls and self.tls_cert_file is None:
            raise about("tls", "tls_cert_file is missing: there is no TLS without a certificate")
        if self.tls_client_names and self.tls_client_ca_file is None:
            raise about("tls_client_names", "tls_client_ca_file is missing: anyone can make a certificate of any name")
        return self

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Where to listen."""
        return (*self.udp, *self.tcp, *self.tls)

    @functools.cached_property
    def abbreviated(self) -> Mapping[str, tzinfo]:
        """The zones by the operator's abbreviations."""
        return {name: ZoneInfo(zone) for name, zone in self.abbreviations.items()}
