"""What may be asked to be kept quiet (静観), and what needs a second look."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from fannel.config.section import Section


class Silences(Section):
    """How long and how broad a silence may be."""

    # No silence lasts longer: what should never call has a rule of its own.
    longest_days: Annotated[float, Field(gt=0, le=366)] = 7.0
    # About more devices, or for longer, it is broad: whoever asks for it is asked back.
    broad_hosts: Annotated[int, Field(ge=1, le=100_000)] = 5
    broad_hours: Annotated[float, Field(gt=0, le=8_784)] = 24.0
