"""The six operating systems of the lab, by the name FANNEL knows them by (`event.host.os`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fannel.lab.devices.dialects.cisco import IOS, IOSXR, NXOS
from fannel.lab.devices.dialects.eos import EOS
from fannel.lab.devices.dialects.frr import FRR
from fannel.lab.devices.dialects.junos import JUNOS

if TYPE_CHECKING:
    from fannel.lab.devices.dialect import Dialect

DIALECTS: dict[str, Dialect] = {"ios": IOS, "iosxr": IOSXR, "nxos": NXOS, "eos": EOS, "junos": JUNOS, "frr": FRR}
