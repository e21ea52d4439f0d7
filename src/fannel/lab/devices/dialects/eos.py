"""Arista EOS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fannel.lab.devices.dialect import PRIVILEGED, Dialect, Enable, Screen, as_json, clock, command, fixed

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator

    from fannel.lab.devices.plant import Change, Device, Port

_VERSION = "Arista vEOS-lab\nSoftware image version: 4.31.2F\nArchitecture: x86_64\nUptime: 3 weeks, 2 days, 4 hours"
_NOTE = {"admin": "disabled", "cable": "notconnect", "err-disable": "errdisabled"}


def _interface(screen: Screen, match: re.Match[str]) -> str | None:
    port = screen.port(match["name"])
    if port is None:
        return None
    link = "administratively down" if port.why_down == "admin" else "up" if port.up else "down"
    mac = f"5254.0099.{port.ifindex & 0xFFFF:04x}"
    return f"""\
{port.name} is {link}, line protocol is {"up" if port.up else "down"} ({_NOTE.get(port.why_down, "connected")})
  Hardware is Ethernet, address is {mac} (bia {mac})
  Description: {port.description}
  Internet address is 192.0.2.{port.ifindex & 0xFF}/31
  Broadcast address is 255.255.255.255
  IP MTU 1500 bytes, Ethernet MTU 9214 bytes, BW 1000000 kbit
  Full-duplex, 1Gb/s, auto negotiation: off, uni-link: n/a
  {"Up" if port.up else "Down"} {_spell(screen.now - port.since)}
  Loopback Mode : None
  {port.flaps} link status changes since last clear
  Last clearing of "show interface" counters never
  5 minutes input rate 0 bps (0.0% with framing overhead), 0 packets/sec
  5 minutes output rate 0 bps (0.0% with framing overhead), 0 packets/sec
     1203 packets input, 120300 bytes
     Received 0 broadcasts, 0 multicast
     0 runts, 0 giants
     {port.crc} input errors, {port.crc} CRC, 0 alignment, 0 symbol, 0 input discards
     0 PAUSE input
     900 packets output, 90000 bytes
     Sent 0 broadcasts, 0 multicast
     0 output errors, 0 collisions
     0 late collision, 0 deferred, 0 output discards
     0 PAUSE output"""


def _spell(seconds: float) -> str:
    whole = max(0, int(seconds))
    days, hours, minutes = whole // 86400, whole // 3600 % 24, whole // 60 % 60
    parts = ((days, "day"), (hours, "hour"), (minutes, "minute"), (whole % 60, "second"))
    shown = [f"{count} {word}{'s' if count != 1 else ''}" for count, word in parts if count]
    return ", ".join(shown) or "0 seconds"


def _status_json(port: Port) -> dict[str, object]:
    return {
        "name": port.name,
        "lineProtocolStatus": "up" if port.up else "down",
        "interfaceStatus": _NOTE.get(port.why_down, "connected"),
        "description": port.description,
    }


def _interface_json(screen: Screen, match: re.Match[str]) -> str | None:
    port = screen.port(match["name"])
    return as_json({"interfaces": {port.name: _status_json(port)}}) if port else None


def _err_disabled(screen: Screen, match: re.Match[str]) -> str | None:
    port = screen.port(match["name"])
    if port is None:
        return None
    head = (
        "Port       Name                 Status       Reason\n---------- -------------------- ------------ ----------"
    )
    row = f"{port.name.replace('Ethernet', 'Et'):<10} {port.description[:20]:<20} errdisabled  {port.err_disabled}"
    return f"{head}\n{row}" if port.err_disabled else head


def _names(device: Device) -> str:
    return as_json({"hostname": device.hostname, "fqdn": device.name})


def _log_lines(change: Change) -> Iterator[str]:
    at = clock("%b %d %H:%M:%S", change.at) + f" {change.device.hostname}"
    port, state = change.after, "up" if change.after.up else "down"
    where = f"{port.name} ({port.description})"
    if port.why_down == "err-disable":
        yield f"{at} Ebra: %ETH-4-ERRDISABLE: {port.err_disabled} error detected on {port.name}."
    if port.why_down == "admin":
        yield f"{at} Ebra: %LINEPROTO-5-UPDOWN: Line protocol on Interface {where}, changed state to down"
        yield f"{at} Ebra: %LINK-5-CHANGED: Interface {where}, changed state to administratively down"
    else:
        yield f"{at} Ebra: %LINEPROTO-5-UPDOWN: Line protocol on Interface {where}, changed state to {state}"


EOS = Dialect(
    prompt=lambda device, level: device.hostname + ("#" if level == PRIVILEGED else ">"),
    commands=(
        command(r"terminal (length|width) \d+", fixed("Pagination disabled.")),
        command(r"show privilege", lambda screen, _: f"Current privilege level is {screen.level}"),
        command(r"show version", fixed(_VERSION)),
        command(r"show version \| json", fixed(as_json({"version": "4.31.2F", "modelName": "vEOS-lab"}))),
        command(r"show hostname \| json", lambda screen, _: _names(screen.device)),
        command(r"show snmp mib ifmib ifindex", lambda screen, _: "\n".join(_index(port) for port in screen.ports)),
        command(r"show logging( last \d+ \w+| \d+)?", lambda screen, _: "\n".join(screen.log)),
        command(r"show interfaces? (?P<name>\S+|\S+ [\d/.]+) status errdisabled", _err_disabled),
        command(r"show interfaces? (?P<name>\S+|\S+ [\d/.]+) \| json", _interface_json),
        command(r"show interfaces? (?P<name>\S+|\S+ [\d/.]+)", _interface),
    ),
    invalid=lambda _line: "% Invalid input",
    log_lines=_log_lines,
    enable=Enable(tries=1, refusal="% Bad secret\n"),
)


def _index(port: Port) -> str:
    return f"{port.name}: Ifindex = {port.ifindex}"
