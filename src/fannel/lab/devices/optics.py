"""The light in the lab's fibres: what the transceivers of IOS-XE and IOS-XR show, and what IOS-XE says of too little.

Every port sends and receives what a healthy 10GBASE-LR does, until somebody bends a fibre. The port stays up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fannel.lab.devices.dialect import clock

if TYPE_CHECKING:
    import re

    from fannel.lab.devices.dialect import Screen
    from fannel.lab.devices.plant import Port

DIM_DBM = -19.4
_TX_DBM, _CELSIUS = -2.3, 34.9
# High alarm, high warning, low warning, low alarm.
_RX, _TX, _TEMPERATURE = (2.0, -1.0, -14.0, -18.0), (1.6, -1.3, -7.3, -11.3), (75.0, 70.0, 0.0, -5.0)


def ios_transceiver(screen: Screen, match: re.Match[str]) -> str | None:
    """`show interfaces … transceiver detail`."""
    port = screen.port(match["name"])
    if port is None:
        return None
    mark = "--" if port.rx_dbm < _RX[3] else "-" if port.rx_dbm < _RX[2] else ""
    name = _short(port)
    return "\n".join(
        (
            "Transceiver is internally calibrated.",
            "++ : high alarm, +  : high warning, -  : low warning, -- : low alarm.",
            *_ios_table("Temperature", "(Celsius)", name, _CELSIUS, "", _TEMPERATURE),
            *_ios_table("Transmit Power", "(dBm)", name, _TX_DBM, "", _TX),
            *_ios_table("Receive Power", "(dBm)", name, port.rx_dbm, mark, _RX),
        )
    )


def _ios_table(
    what: str, unit: str, name: str, value: float, mark: str, thresholds: tuple[float, ...]
) -> tuple[str, ...]:
    row = f"{name:<10} {value:<8.1f} {mark:<10}" + "".join(f"{threshold:>11.1f}" for threshold in thresholds)
    return (
        "",
        f"{'':<33}High Alarm  High Warn  Low Warn   Low Alarm",
        f"           {what:<22}Threshold   Threshold  Threshold  Threshold",
        f"Port       {unit:<22}{unit:<12}{unit:<11}{unit:<11}{unit}",
        "---------  --------------------  ----------  ---------  ---------  ---------",
        row,
    )


def ios_low_light(port: Port, at: float) -> str:
    """The log line when a port receives too little."""
    said = f"Rx power low alarm; Operating value: {port.rx_dbm:.1f} dBm, Threshold value: {_RX[3]:.1f} dBm."
    return f"{clock('*%b %d %H:%M:%S.%f', at)}: %SFF8472-3-THRESHOLD_VIOLATION: {_short(port)}: {said}"


def xr_optics(screen: Screen, match: re.Match[str]) -> str | None:
    """`show controllers optics R/S/I/P`."""
    port = next((port for port in screen.ports if port.name.endswith(match["place"])), None)
    if port is None:
        return None

    def row(name: str, thresholds: tuple[float, ...]) -> str:
        high_alarm, high, low, low_alarm = thresholds
        return f"         {name:<24}{high_alarm:>12.1f}{low_alarm:>11.1f}{high:>14.1f}{low:>13.1f}"

    return f"""\

 Controller State: {"Up" if port.up else "Down"}

 Laser State: {"On" if port.admin_up else "Off"}

 Optics Status

         Optics Type:  10GBASE-LR SFP+
         Actual TX Power = {_TX_DBM:.2f} dBm
         RX Power = {port.rx_dbm:.2f} dBm

         THRESHOLD VALUES
         ----------------

         Parameter                 High Alarm  Low Alarm  High Warning  Low Warning
         ------------------------  ----------  ---------  ------------  -----------
{row("Rx Power Threshold(dBm)", _RX)}
{row("Tx Power Threshold(dBm)", _TX)}
{row("Temp. Threshold(celsius)", _TEMPERATURE)}

         Temperature = {_CELSIUS:.2f} Celsius
"""


def _short(port: Port) -> str:
    return port.name[:2] + port.name.lstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
