"""What a button carries: which incident or silence is meant, and what was chosen. Pure.

A value comes back as it was written, perhaps much later and from a message of an older FANNEL: what cannot be read is
None, and nothing else in it is believed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, cast

from fannel.incidents.silence import Matcher, SilenceError

if TYPE_CHECKING:
    from datetime import tzinfo

    from fannel.incidents.incident import Incident
    from fannel.incidents.silence import Scope

ACK, SILENCE, RECHECK, DETAILS = "fannel.ack", "fannel.silence", "fannel.recheck", "fannel.details"
# Two buttons of one message have two ids: this, and a dot and the length behind it.
EXTEND = "fannel.extend"

Part = Literal["fault", "host"]
Length: TypeAlias = int | Literal["morning"]
"""Hours, or until the next morning."""

HOURS: Final = (1, 4)
LENGTHS: Final[tuple[Length, ...]] = (*HOURS, "morning")

_INCIDENT: Final = re.compile(r"A-[0-9A-Z]{1,13}")
_QUIET: Final = re.compile(rf"({_INCIDENT.pattern})/(fault|host)/(?:([14])h|(morning))")
_LONGER: Final = re.compile(r"([1-9][0-9]{0,8})/([0-9]{9,10})")


@dataclass(frozen=True, slots=True)
class Quiet:
    """Keep quiet about the fault's own part of the device, or about all of it."""

    incident: str
    part: Part
    length: Length

    @property
    def value(self) -> str:
        """As an option carries it."""
        return f"{self.incident}/{self.part}/{self.length if self.length == 'morning' else f'{self.length}h'}"

    @classmethod
    def read(cls, value: str) -> Quiet | None:
        """What `value` gave."""
        if (found := _QUIET.fullmatch(value)) is None:
            return None
        incident, part, hours, _ = found.groups()
        return cls(incident, cast("Part", part), int(hours) if hours else "morning")

    def until(self, now: datetime, morning: time, zone: tzinfo) -> datetime:
        """When it ends, if it begins now."""
        return next_morning(now, morning, zone) if self.length == "morning" else now + timedelta(hours=self.length)


@dataclass(frozen=True, slots=True)
class Longer:
    """Let a silence end at a later time, which the message named: clicked twice it is no longer than clicked once."""

    silence: int
    ends_at: datetime

    @property
    def value(self) -> str:
        """As a button carries it."""
        return f"{self.silence}/{int(self.ends_at.timestamp())}"

    @classmethod
    def read(cls, value: str) -> Longer | None:
        """What `value` gave."""
        if (found := _LONGER.fullmatch(value)) is None:
            return None
        return cls(int(found[1]), datetime.fromtimestamp(int(found[2]), UTC))


def incident_id(value: str) -> str | None:
    """The incident of a button that carries nothing else."""
    return value if _INCIDENT.fullmatch(value) else None


def next_morning(now: datetime, morning: time, zone: tzinfo) -> datetime:
    """The next time that the clocks of `zone` show `morning`."""
    here = now.astimezone(zone)
    today = datetime.combine(here.date(), morning, zone)
    return (today if today > here else datetime.combine(here.date() + timedelta(days=1), morning, zone)).astimezone(UTC)


def scope_of(incident: Incident, part: Part) -> Scope | None:
    """What exactly is kept quiet; None where the part has no name that events would bear, or one that is no name."""
    try:
        return _scope(incident, part)
    except SilenceError:  # a sender may call its interface anything
        return None


def _scope(incident: Incident, part: Part) -> Scope | None:
    host = Matcher("host", "equal", incident.host.name)
    if part == "host":
        return (host,)
    name = incident.subject.name
    if incident.subject.type == "interface":
        return (host, Matcher("interface", "equal", name)) if name else None
    problem = Matcher("problem", "equal", incident.problem)
    if name and name != incident.host.name:
        return (host, problem, Matcher("subject", "equal", name))
    return (host, problem) if incident.subject.type == "device" else None
