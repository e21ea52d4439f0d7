"""Event source fannel.network.snmp_trap: SNMP notifications as FANNEL events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fannel.source import run_source

if TYPE_CHECKING:
    import asyncio

DOCUMENTATION = r"""
---
module: snmp_trap
short_description: Receive SNMP traps and informs and put them to the rules as FANNEL events
version_added: "0.1.0"
description:
  - Listens for SNMP v1, v2c and v3 traps and for v2c and v3 informs, on UDP.
  - Informs are acknowledged after they are on disk.
  - Works in two processes of its own, which it starts and keeps running. C(fannel receive) writes what arrives to the
    spool (C(spool.directory)), C(fannel observe) reads it there. With C(receiver.start = false) the receiver runs as a
    service of its own.
  - A source C(fannel.network.syslog) in the same rulebook works in the same two processes. Each feeds the rules of its
    ruleset what came its way.
  - An event is acknowledged in the spool when the rule engine has it. With C(feedback) set to C(true), and
    C(--persistence-id), that is when the engine has written it down.
  - SNMPv3 users and their keys come from the settings only (C([[trap.users]]) in C(fannel.toml), or the file that
    C(FANNEL_TRAP__USERS_FILE) names), never from a rulebook. Without any user, v3 is refused.
  - Every notification is named (MIB catalogue), classified (kind, problem, phase, severity, subject), enriched with
    what pagoda knows of its sender, recorded, and joined to its incident before the rules see it.
  - Options given here win over C(fannel.toml) and the environment. Whatever is left out comes from there.
  - The source never ends because something outside does. It ends at start when its configuration is wrong.
author: The FANNEL authors
options:
  host:
    description: Address to listen on. C(::) listens on IPv6 and IPv4.
    type: str
    default: 0.0.0.0
  port:
    description:
      - UDP port to listen on.
      - The standard port is 162. Binding it needs C(CAP_NET_BIND_SERVICE), or a redirect from 162 to the default.
    type: int
    default: 10162
  listen:
    description:
      - Addresses to listen on, C(ADDRESS:PORT), C([IPV6]:PORT) or C(:PORT), instead of O(host) and O(port).
    type: list
    elements: str
  reuse_port:
    description: Let several receivers have one port; the kernel spreads senders over them. Each needs its own spool.
    type: bool
    default: false
  communities:
    description:
      - Communities that are accepted. Others are counted, and said as an event of kind C(snmp_auth_failure).
      - Better set in the environment (C(FANNEL_TRAP__COMMUNITIES), comma-separated) than written into a rulebook.
    type: list
    elements: str
    default: [public]
  allowed_sources:
    description:
      - Networks whose datagrams are looked at. Others are counted, and said as C(datagram_refused).
      - Through a load balancer of O(proxy_from), this is about the address in its header.
    type: list
    elements: str
    default: [0.0.0.0/0, "::/0"]
  trust:
    description:
      - Which fact names the device, first match wins. A relay needs C(agent_address) first.
      - C(engine_id) is the SNMPv3 engine, where the message was authenticated; C(trap.engines) in the settings names
        devices by it.
      - Facts that name different devices are told in C(event.source.disputed).
    type: list
    elements: str
    choices: [source_address, agent_address, engine_id]
    default: [source_address, agent_address, engine_id]
  agent_address_from:
    description: Networks whose senders are believed when they state an agent address (v1) or snmpTrapAddress.
    type: list
    elements: str
    default: [0.0.0.0/0, "::/0"]
  proxy_from:
    description:
      - Networks of load balancers whose PROXY protocol header (version 2) is believed. A header from elsewhere is
        refused, and said as C(datagram_refused).
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Network alerts
  hosts: all
  sources:
    - name: SNMP traps
      fannel.network.snmp_trap:
        port: 162
        allowed_sources:
          - 192.0.2.0/24
          - 2001:db8::/32
  rules:
    - name: A core link is down
      condition: event.kind == "interface_down" and event.host.role == "core" and event.incident.state == "new"
      action:
        run_playbook:
          name: fannel.network.respond
          lock: "{{ event.lock }}"
"""


async def main(queue: asyncio.Queue[Any], args: dict[str, Any]) -> None:
    """Feed the rules until cancelled."""
    await run_source("snmp_trap", queue, args)
