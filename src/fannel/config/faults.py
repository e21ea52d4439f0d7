"""How faults are told apart, looked after and answered: flapping, the life of an incident, the turns of runs."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Self

from pydantic import Field, model_validator

from fannel.config.section import Section, about


class Flap(Section):
    """When a fault comes and goes too often to speak of every time. The scoring is in incidents/flap.py."""

    # What the first change costs, and by how much every further one multiplies it, up to the ceiling.
    start: Annotated[float, Field(gt=1, le=1e6)] = 2.0
    factor: Annotated[float, Field(gt=1, le=1e6)] = 2.0
    ceiling: Annotated[float, Field(gt=1, le=1e9)] = 256.0
    flapping_above: Annotated[float, Field(gt=1, le=1e9)] = 35.0
    calm_below: Annotated[float, Field(gt=1, le=1e9)] = 1.5
    # Seconds until the penalty is its own square root.
    half_life_s: Annotated[float, Field(gt=0, le=86_400)] = 300.0

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.calm_below < self.flapping_above < self.ceiling:
            raise about("flapping_above", "must lie between calm_below and ceiling, or nothing flaps or calms down")
        return self


class Incidents(Section):
    """How long a fault is the same one, and what becomes of one that nobody clears."""

    # A raise so soon after the end reopens the incident and its thread; after that it is closed for good.
    reopen_s: Annotated[float, Field(ge=0, le=86_400)] = 600.0
    # So long after its last raise a check looks whether it is still there (0: never), then again and again.
    recheck_after_s: Annotated[float, Field(ge=0, le=2_592_000)] = 3600.0
    recheck_every_s: Annotated[float, Field(ge=60, le=2_592_000)] = 3600.0
    # What nobody acknowledged for so long is said once more (0: never).
    remind_after_s: Annotated[float, Field(ge=0, le=2_592_000)] = 86_400.0
    # How long after the rules were asked they are asked again, if nobody answered: a playbook may have been killed.
    ask_again_s: Annotated[float, Field(ge=30, le=86_400)] = 300.0

    @property
    def reopen(self) -> timedelta:
        """The same as a duration."""
        return timedelta(seconds=self.reopen_s)

    @property
    def ask_again(self) -> timedelta:
        """The same as a duration."""
        return timedelta(seconds=self.ask_again_s)


class Leases(Section):
    """One login at a time for each device."""

    # How long a check waits while another run is logged in, before it gives up.
    wait_s: Annotated[float, Field(ge=0, le=600)] = 60.0
    # How long the lease of a run that died keeps others out. Machines must agree on the time better than that.
    hold_s: Annotated[float, Field(ge=5, le=600)] = 30.0
    # How long after a rule was asked about a fault whoever is logged in to its device waits for that fault's run, to
    # answer it in the same login (0: not at all).
    linger_s: Annotated[float, Field(ge=0, le=120)] = 10.0
