"""Event source fannel.network.slack: what people say in Slack, as FANNEL events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fannel.source import run_chat_source

if TYPE_CHECKING:
    import asyncio

DOCUMENTATION = r"""
---
module: slack
short_description: Hear what people ask for in Slack, do it, and put it to the rules as FANNEL events
version_added: "0.1.0"
description:
  - Listens to Slack by Socket Mode, which needs no port that is reachable from outside, in a process of its own
    (C(fannel listen)), which it starts and keeps running.
  - Requests for silences, buttons and slash commands are dealt with in that process, whether or not a rule reacts and
    however busy the rule engine is.
  - What was said while nobody listened is found in the history of the channels, and in the threads that are open.
  - Every message, click and command also comes as an event, C(chat_message), C(chat_click) or C(chat_command), with the
    facts in C(event.slack). While the rules are too busy, the oldest of these events are left out.
  - Needs C(SLACK_APP_TOKEN), an app-level token (C(xapp-)), and C(SLACK_BOT_TOKEN). Without an app token it says so,
    once, and stays quiet, so that a rulebook may always have it.
  - It has no options. Channels are those of C(slack.channel), C(slack.escalate_to) and C(silences.channels); bots are
    heard where C(permissions.bots) names them.
  - The source never ends because something outside does.
author: The FANNEL authors
options: {}
"""

EXAMPLES = r"""
- name: Network alerts
  hosts: all
  sources:
    - name: SNMP traps
      fannel.network.snmp_trap: {}
    - name: Slack
      fannel.network.slack: {}
  rules:
    - name: Somebody types /fannel report
      condition: event.kind == "chat_command" and event.slack.text == "report"
      action:
        run_playbook:
          name: example.site.report
"""


async def main(queue: asyncio.Queue[Any], args: dict[str, Any]) -> None:
    """Put what is heard to the rules until cancelled."""
    await run_chat_source(queue, args)
