"""What the settings say of flapping, in the record that takes it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fannel.incidents.flap import FlapPolicy

if TYPE_CHECKING:
    from fannel import config


def flap_policy(flap: config.Flap) -> FlapPolicy:
    """`[flap]`."""
    return FlapPolicy(**flap.model_dump())
