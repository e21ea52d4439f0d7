"""Time zones as people name them in the settings (`Asia/Tokyo`), checked against the tz database."""

from __future__ import annotations

import difflib
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator


def _known(name: str) -> str:
    if name not in available_timezones():
        near = difflib.get_close_matches(name, available_timezones(), n=1)
        msg = f"no such time zone{f', did you mean {near[0]}?' if near else ''}"
        raise ValueError(msg)
    return name


ZoneName = Annotated[str, AfterValidator(_known)]
