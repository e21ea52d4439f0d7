"""Event source fannel.network.syslog: syslog lines as FANNEL events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fannel.source import run_source

if TYPE_CHECKING:
    import asyncio

DOCUMENTATION = r"""
---
module: syslog
short_description: Receive syslog and put what it says to the rules as FANNEL events
version_added: "0.1.0"
description:
  - Listens for syslog lines on UDP, TCP and TLS, in the forms of RFC 5424, of RFC 3164, and of what network devices
    write instead.
  - Where nothing is said, here or in the settings, it listens on UDP port 5514 of every address.
  - Works in two processes of its own, which it starts and keeps running. It shares them, and the spool, with
    C(fannel.network.snmp_trap) where that is in the same rulebook. Each feeds the rules of its ruleset what came its
    way.
  - A line of a known kind is an event like that of the trap which tells the same, with the same fingerprint. One of no
    known kind is C(unknown_syslog), with its text, for the rules from a severity on (O(unknown_to_rules)).
  - The device is who sent it, or, from a relay (O(relays)), who the line names.
  - Zones of devices' clocks that are told by network, and abbreviations of zones, are tables and thus in C(fannel.toml)
    only (C([[syslog.zones]]), C([syslog.abbreviations])).
  - Options given here win over C(fannel.toml) and the environment. Whatever is left out comes from there.
  - The source never ends because something outside does. It ends at start when its configuration is wrong.
author: The FANNEL authors
options:
  udp:
    description:
      - Addresses to listen on, C(ADDRESS:PORT), C([IPV6]:PORT) or C(:PORT).
      - The standard port is 514. Binding it needs C(CAP_NET_BIND_SERVICE), or a redirect from 514.
    type: list
    elements: str
    default: []
  tcp:
    description:
      - The same for TCP. Lines may be counted or end with a line feed (RFC 6587).
    type: list
    elements: str
    default: []
  tls:
    description:
      - The same for TLS (RFC 5425). Needs O(tls_cert_file).
    type: list
    elements: str
    default: []
  tls_cert_file:
    description: Our certificate in PEM, with its chain; read again when it changes.
    type: path
  tls_key_file:
    description: Its key in PEM, without a password, where that is not in O(tls_cert_file).
    type: path
  tls_client_ca_file:
    description: The authorities one of which must have issued a client's certificate. Without it none is asked for.
    type: path
  tls_client_names:
    description: Names of certificates that are let in, like C(*.example.net). All, where none is listed.
    type: list
    elements: str
    default: []
  line_octets:
    description: The longest line of a connection. Of a longer one the rest is left out.
    type: int
    default: 8192
  connections:
    description: How many connections there may be at once.
    type: int
    default: 500
  connections_per_source:
    description: How many of them one address may have, load balancers of O(proxy_from) apart.
    type: int
    default: 50
  reuse_port:
    description: Let several receivers have one port; the kernel spreads senders over them. Each needs its own spool.
    type: bool
    default: false
  allowed_sources:
    description:
      - Networks whose lines are looked at. Others are counted, and said as C(datagram_refused).
    type: list
    elements: str
    default: [0.0.0.0/0, "::/0"]
  relays:
    description:
      - Networks of those who pass on what others said. The host name in their lines names the device.
      - From elsewhere it does not. Where it names another device than the source, C(event.source.disputed) says so.
    type: list
    elements: str
    default: []
  domains:
    description: What completes a host name without a dot, so that pagoda has it.
    type: list
    elements: str
    default: []
  proxy_from:
    description: Networks of load balancers whose PROXY protocol header (version 2) is believed.
    type: list
    elements: str
    default: []
  timezone:
    description: The zone of times that name none, like C(Asia/Tokyo). The site's, where nothing is said.
    type: str
  unknown_to_rules:
    description: The least severity at which a line of no known kind goes to the rules; C(none) keeps all from them.
    type: str
    choices: [emerg, alert, crit, err, warning, notice, info, debug, none]
    default: crit
  unknown_a_minute:
    description:
      - How many of the others are recorded in a minute, of one device with one tag. The next one says in C(repeats) how
        many came meanwhile. 0 records all.
    type: int
    default: 60
"""

EXAMPLES = r"""
- name: Network alerts
  hosts: all
  sources:
    - name: Syslog
      fannel.network.syslog:
        udp:
          - "0.0.0.0:514"
        relays:
          - 192.0.2.10/32
        timezone: Asia/Tokyo
    - name: SNMP traps
      fannel.network.snmp_trap: {}
  rules:
    - name: A core link is down, whoever says so
      condition: event.kind == "interface_down" and event.host.role == "core" and event.incident.state == "new"
      action:
        run_playbook:
          name: fannel.network.respond
          lock: "{{ event.lock }}"
"""


async def main(queue: asyncio.Queue[Any], args: dict[str, Any]) -> None:
    """Feed the rules until cancelled."""
    await run_source("syslog", queue, args)
