"""What may be asked to be kept quiet (静観), and what needs a second look."""

from __future__ import annotations

from datetime import time
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from fannel.config.section import Secret, Section

_WEB = ("http", "https")


def _address(address: SecretStr) -> SecretStr:
    parts = urlsplit(address.get_secret_value())
    if parts.scheme in _WEB and not parts.hostname:
        raise ValueError("this address names no host")
    if "://" in address.get_secret_value() and parts.scheme not in _WEB:
        raise ValueError("a calendar is at an http or https address, or a file")
    return address


# Whoever has the address of a private calendar has the calendar.
CalendarAddress = Annotated[Secret, AfterValidator(_address)]
CalendarName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$")]


def _of_the_day(moment: time) -> time:
    if moment.tzinfo is not None:
        raise ValueError("must not name a zone: it is in the zone of who reads (slack.time_zone, site.timezone)")
    return moment


class Silences(Section):
    """Where silences are asked for, and how long and how broad one may be."""

    # Channels (C…) where every request is heard; none named: slack.channel. Elsewhere it takes a mention.
    channels: tuple[Annotated[str, Field(pattern=r"^[CG][A-Z0-9]{2,20}$")], ...] = ()

    # No silence lasts longer: what should never call has a rule of its own.
    longest_days: Annotated[float, Field(gt=0, le=366)] = 7.0
    # About more devices, or for longer, it is broad: whoever asks for it is asked back.
    broad_hosts: Annotated[int, Field(ge=1, le=100_000)] = 5
    broad_hours: Annotated[float, Field(gt=0, le=8_784)] = 24.0
    # Roles of devices (as pagoda calls them) so critical that a silence of one as a whole is broad.
    broad_roles: tuple[str, ...] = ()
    # How long a broad one waits in Slack for somebody else to confirm it.
    confirm_within_s: Annotated[float, Field(ge=60, le=86_400)] = 3600.0
    # How long before its end people are warned; 0: never. One that lasts less than twice as long ends without.
    warn_before_s: Annotated[float, Field(ge=0, le=86_400)] = 900.0
    # Until when an alert is silenced "until morning", in the readers' zone (slack.time_zone, else site.timezone).
    morning: Annotated[time, AfterValidator(_of_the_day)] = time(9)
    # Work windows: files of them (*.yml), and calendars by name, each an address or a file.
    folder: Path = Path("silences")
    calendars: dict[CalendarName, CalendarAddress] = Field(default_factory=dict)
    # How often calendars are fetched, and how long before they begin their windows become silences.
    fetch_every_s: Annotated[float, Field(ge=30, le=86_400)] = 300.0
    ahead_days: Annotated[float, Field(ge=1, le=90)] = 14.0

    def anchored(self, folder: Path) -> Self:
        """The same with paths that do not depend on the working directory."""
        calendars = {
            name: address
            if urlsplit(address.get_secret_value()).scheme in _WEB
            else SecretStr(str((folder / address.get_secret_value()).resolve()))
            for name, address in self.calendars.items()
        }
        return self.model_copy(update={"folder": (folder / self.folder).resolve(), "calendars": calendars})
