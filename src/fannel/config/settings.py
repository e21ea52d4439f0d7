"""The model: every section and key there is, its type and its default. `load()` builds it."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self, TypeVar
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    HttpUrl,
    IPvAnyNetwork,
    SecretStr,
    field_serializer,
    model_validator,
)

from fannel.config.address import Address, ListenAddress
from fannel.config.content import Checks, Kinds, Mibs
from fannel.config.faults import Flap, Incidents, Leases
from fannel.config.permissions import Permissions
from fannel.config.section import Secret, Section, about, secret_from_file
from fannel.config.silences import Silences
from fannel.config.syslog import Syslog
from fannel.config.users import TrapUser, spell_engine_id
from fannel.config.zone import ZoneName  # noqa: TC001  (pydantic reads annotations when it runs)

if TYPE_CHECKING:
    from datetime import tzinfo


def _without_password(url: HttpUrl) -> HttpUrl:
    if url.username or url.password:
        raise ValueError("must not carry a user name or password")  # it would be shown wherever the address is
    return url


def _engines(devices: dict[str, str]) -> dict[str, str]:
    """Engine ids in one spelling, each of one device."""
    found: dict[str, str] = {}
    for text, device in devices.items():
        try:
            spelled = spell_engine_id(text)
        except ValueError as error:
            raise ValueError(f"{text!r}: {error}") from None
        if not device.strip():
            raise ValueError(f"{text!r}: the device's name or address is missing")
        if spelled in found:
            raise ValueError(f"{text!r}: this engine id is there twice, in two spellings")
        found[spelled] = device.strip()
    return found


ServiceUrl = Annotated[HttpUrl, AfterValidator(_without_password)]
PathOrNone = Annotated[Path | None, BeforeValidator(lambda path: path or None)]
Port = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[float, Field(gt=0, le=3600)]


SectionT = TypeVar("SectionT", bound=Section)


class Trap(Section):
    """Where notifications arrive and whose are accepted."""

    host: str = "0.0.0.0"  # noqa: S104  (a trap receiver listens to the network)
    port: Port = 10162
    # More than one address: all of them here, instead of `host` and `port`.
    listen: tuple[ListenAddress, ...] = ()
    # Several receivers on one port; the kernel spreads senders over them. Each needs a spool of its own.
    reuse_port: bool = False
    communities: tuple[Secret, ...] = (SecretStr("public"),)
    allowed_sources: tuple[IPvAnyNetwork, ...] = (
        ipaddress.ip_network("0.0.0.0/0"),
        ipaddress.ip_network("::/0"),
    )
    # Which fact names the device, first match wins. A relay or NAT makes the packet's source the wrong one.
    trust: tuple[Literal["source_address", "agent_address", "engine_id"], ...] = (
        "source_address",
        "agent_address",
        "engine_id",
    )
    # Whose agent address is believed at all; anyone can write any address into a packet.
    agent_address_from: tuple[IPvAnyNetwork, ...] = (
        ipaddress.ip_network("0.0.0.0/0"),
        ipaddress.ip_network("::/0"),
    )
    # Whose SNMPv3 engine id names which device, by hexadecimal id: name or address, as pagoda has it.
    engines: Annotated[dict[str, str], AfterValidator(_engines)] = Field(default_factory=dict)
    # Load balancers that put the sender's address in front of the datagram (PROXY protocol v2).
    proxy_from: tuple[IPvAnyNetwork, ...] = ()
    # SNMPv3. Without any user, v3 is refused. `load()` reads the file into `users`.
    users: tuple[TrapUser, ...] = ()
    users_file: Path | None = None
    # What has to outlive a restart: our engine id, our boots, and the clocks of the devices' engines.
    engine_file: Path = Path("var/engine.json")

    @model_validator(mode="after")
    def _one_way_to_say_where(self) -> Self:
        if self.listen and {"host", "port"} & self.model_fields_set:
            raise about("listen", "host or port is set, too: keep one of the two")
        if twice := {str(address) for address in self.listen if self.listen.count(address) > 1}:
            raise about("listen", f"{', '.join(sorted(twice))} is there twice")
        return self

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Where to listen."""
        return self.listen or (Address(self.host, self.port),)


class Receiver(Section):
    """The process that owns the sockets and writes the spool."""

    # Whose sockets it opens. An event source says which it wants; both, for a service of its own.
    receives: Annotated[tuple[Literal["snmp_trap", "syslog"], ...], Field(min_length=1)] = ("snmp_trap", "syslog")
    # The event source starts it. Off: `fannel receive` runs as a service of its own, with the same spool.
    start: bool = True
    # Whom it becomes once the ports are bound, when it was started as root.
    user: str | None = None
    # What is asked of the kernel for each socket, in octets; it grants what it allows, and the log says how much.
    so_rcvbuf: Annotated[int, Field(ge=4096, le=2**30)] = 64 * 2**20


class Spool(Section):
    """What was received and is not handled yet, on disk."""

    directory: Path = Path("var/spool")
    octets: Annotated[int, Field(ge=2**20)] = 2**30
    age_s: Annotated[float, Field(ge=60, allow_inf_nan=False)] = 7 * 86_400.0


class Storm(Section):
    """What stands between the record and the rules. Rates are events a second of one device."""

    # Repeats of a fault within this time come as one closing event; 0 puts every one to the rules.
    window_s: Annotated[float, Field(ge=0, le=3600)] = 10.0
    # 0: no limit.
    source_rate: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 20.0
    source_burst: Annotated[int, Field(ge=1)] = 100


class QuietExpectation(Section):
    """Devices within `network` say something at least every `every_s` seconds."""

    network: IPvAnyNetwork
    every_s: Annotated[float, Field(ge=1, allow_inf_nan=False)]


class Quiet(Section):
    """Devices that used to speak and went quiet. Off while nothing is expected."""

    expect: tuple[QuietExpectation, ...] = ()


class Health(Section):
    """Where the processes say how they are: /livez, /readyz, /metrics. Without an address nobody listens."""

    receiver: ListenAddress | None = None
    source: ListenAddress | None = None
    listener: ListenAddress | None = None
    # A TCP port for load balancers that only see whether it can be connected to: open while the receiver is ready.
    check: ListenAddress | None = None
    # How often the receiver sends a notification to itself to prove the path; 0: never.
    canary_every_s: Annotated[float, Field(ge=0, le=3600)] = 10.0


class DeviceNames(Section):
    """What a site's pagoda calls the device model and its attributes; what is not given here is as documented.

    A name with a dot is an attribute of the item that the first part refers to. None: the site keeps no such thing.
    """

    model: str = ""
    management_ip: str = ""
    source_addresses: str | None = None
    platform: str | None = None
    network_os: str | None = None
    site: str | None = None
    role: str | None = None
    status: str | None = None

    @model_validator(mode="after")
    def _indispensable(self) -> Self:
        return _named(self, "model", "management_ip")


class InterfaceNames(Section):
    """The same of the interface model. `model` empty: the site keeps no interfaces in pagoda."""

    model: str = ""
    device: str = ""
    name: str = ""
    ifindex: str | None = None
    description: str | None = None
    peer: str | None = None
    circuit: str | None = None

    @model_validator(mode="after")
    def _indispensable(self) -> Self:
        return _named(self, "device", "name")


def _named(section: SectionT, *keys: str) -> SectionT:
    """The section, unless it says of something indispensable that the site has no such thing."""
    for key in keys:
        if key in section.model_fields_set and not getattr(section, key).strip():
            raise about(key, "cannot be empty: leave it out, or say what pagoda calls it")
    return section


class Pagoda(Section):
    """The source of truth. Without `url` the stand-in serves the embedded lab network."""

    url: ServiceUrl | None = None
    token: Secret | None = None
    token_file: Path | None = None
    ca_file: Path | None = None
    # What pagoda said last, for a start and for playbook runs while it is away. Empty: nothing is kept.
    cache_file: PathOrNone = Path("var/directory.json")
    # How often pagoda is asked what changed, and how often the whole list is read.
    poll_s: Seconds = 20
    refresh_s: Annotated[float, Field(gt=0, le=86_400)] = 3600
    lookup_timeout_s: Seconds = 2
    # Where pagoda's webhooks arrive: a change is known at once.
    webhook: ListenAddress | None = None
    webhook_secret: Secret | None = None
    webhook_secret_file: Path | None = None
    device: DeviceNames = DeviceNames()
    interface: InterfaceNames = InterfaceNames()

    @model_validator(mode="after")
    def _secrets(self) -> Self:
        secret_from_file(self, "token")
        secret_from_file(self, "webhook_secret")
        if self.webhook is not None and self.webhook_secret is None:
            raise about("webhook", "webhook_secret is missing: whoever reaches the port could make FANNEL ask pagoda")
        return self


class Slack(Section):
    """Where people read. Without a bot token nothing is posted and `fannel doctor` says so."""

    bot_token: Secret | None = None
    bot_token_file: Path | None = None
    app_token: Secret | None = None
    app_token_file: Path | None = None
    channel: str = "C0ALERTS01"
    # Where a rule escalates to; without one, nowhere.
    escalate_to: str | None = None
    api_url: ServiceUrl = HttpUrl("https://slack.com/api/")
    timeout_s: Seconds = 10
    # What FANNEL says there, and the zone of times that Slack does not put into each phone's own (push texts).
    language: Literal["en", "ja"] = "en"
    time_zone: ZoneName | None = None
    # Whether alerts have buttons; None: where there is an app token. A playbook's machine needs none to draw them.
    buttons: bool | None = None
    # More new incidents a minute than this, and they are summed up.
    storm_incidents: Annotated[int, Field(ge=1, le=10_000)] = 20

    @model_validator(mode="after")
    def _tokens(self) -> Self:
        secret_from_file(self, "bot_token")
        secret_from_file(self, "app_token")
        return self

    @property
    def clickable(self) -> bool:
        """Whether somebody hears what people click."""
        return self.app_token is not None if self.buttons is None else self.buttons


_PASSWORD = re.compile(r"(://[^/?#]*:)[^/?#]*@")


class Database(Section):
    """Where events, incidents and wanted posts are kept."""

    url: Annotated[str, Field(repr=False)] = "sqlite:///var/fannel.sqlite3"  # may hold a password

    @field_serializer("url", when_used="json")
    def _hide_password(self, url: str) -> str:
        return _PASSWORD.sub(r"\1***@", url)


class Log(Section):
    """How long events, ended incidents and what was done about them are kept."""

    # Days after its end, and octets of the database: what is older or too much goes, the oldest first.
    keep_days: Annotated[float, Field(ge=1, le=36_500)] = 90.0
    keep_octets: Annotated[int, Field(ge=10_000_000)] = 5_000_000_000


class Site(Section):
    """How people here read times."""

    timezone: ZoneName = "UTC"

    @property
    def zone(self) -> tzinfo:
        """The site's time zone."""
        return ZoneInfo(self.timezone)


class Settings(BaseModel):
    """Everything FANNEL can be told. `load()` builds it and turns mistakes into ConfigError."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    trap: Trap = Trap()
    syslog: Syslog = Syslog()
    receiver: Receiver = Receiver()
    spool: Spool = Spool()
    storm: Storm = Storm()
    flap: Flap = Flap()
    quiet: Quiet = Quiet()
    health: Health = Health()
    pagoda: Pagoda = Pagoda()
    slack: Slack = Slack()
    database: Database = Database()
    log: Log = Log()
    incidents: Incidents = Incidents()
    leases: Leases = Leases()
    silences: Silences = Silences()
    permissions: Permissions = Permissions()
    site: Site = Site()
    checks: Checks = Checks()
    kinds: Kinds = Kinds()
    mibs: Mibs = Mibs()

    @property
    def readers_zone(self) -> tzinfo:
        """The zone of who reads in Slack."""
        return self.site.zone if self.slack.time_zone is None else ZoneInfo(self.slack.time_zone)


def sections() -> dict[str, type[Section]]:
    """The sections by name."""
    return {
        name: field.annotation
        for name, field in Settings.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section)
    }
