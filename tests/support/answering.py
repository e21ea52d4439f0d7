"""What the tests of the playbooks' steps share: verdicts, and what stands in Slack."""

from __future__ import annotations

from fannel.checks.verdict import Output, Verdict

CHANNEL = "C0ALERTS01"
SHOW = "GigabitEthernet0/1 is down, line protocol is down (notconnect)"
DOWN = Verdict(
    "confirmed",
    ("link and line protocol are down, administratively up",),
    (SHOW,),
    {"admin": "up", "oper": "down"},
    (Output("show interfaces GigabitEthernet0/1", SHOW, 0.2),),
    1.0,
)
UP = Verdict("cleared", ("the link is up",), (), {}, (), 1.0)
ADMIN_DOWN = Verdict("expected", ("administratively down",), (), {}, (), 1.0)
UNREACHABLE = Verdict("inconclusive", ("ssh connection failed: Connection refused",), (), {}, (), 0.1)


def recorded(store, *events):
    return [e.to_queue() for e in store.record([(e, b"") for e in events])]


def messages(slack):
    return list(slack.workspace.messages[CHANNEL].values())


def pushes(slack):
    return [message["text"] for message in messages(slack)]
