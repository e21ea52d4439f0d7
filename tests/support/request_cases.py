"""Answers to requests in Slack, as the golden files hold them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from fannel.incidents.silence import Matcher, Silence
from fannel.incidents.store.reading import Case
from fannel.slack.layout import requests as layout
from fannel.slack.layout.status import status

FROM = datetime(2026, 11, 22, 7, 0, 7, tzinfo=UTC)
SWAP = Silence(
    id=7,
    scopes=(
        (Matcher("host", "equal", "rt-tyo-01.example.net"), Matcher("interface", "equal", "Gi0/1")),
        (Matcher("host", "equal", "rt-osa-01.example.net"), Matcher("problem", "glob", "bgp_*")),
    ),
    starts_at=FROM,
    ends_at=FROM + timedelta(hours=2),
    author="slack:Kei",
    origin="slack:C0SILENCE1:1795330807.000200",
    reason="CHG-1234",
    changed_by="slack:Kei",
)
SITE = replace(
    SWAP,
    id=8,
    scopes=((Matcher("site", "equal", "tyo1"), Matcher("role", "equal", "edge")),),
    ends_at=FROM + timedelta(hours=30),
    reason="",
)
STRANGE = replace(SITE, id=9, scopes=((Matcher("kind", "regex", "bgp_.*"),),), author="cli:rin", reason="")
FAULT = Case(
    id="A-7F3K2Q",
    state="acknowledged",
    severity="critical",
    problem="interface_down",
    host="rt-tyo-01.example.net",
    subject={"type": "interface", "name": "GigabitEthernet0/1"},
    opened_at=FROM,
    last_raise_at=FROM,
    resolved_at=None,
    raises=1,
    acknowledged_by="slack:Kei",
    cause_id=None,
)
BROAD = ("it is about 12 hosts, more than 5", "it lasts longer than 24 hours")


def request_cases(to):
    """Every answer by name, for one reader."""
    words = to.words.silencing
    ended = replace(SWAP, what="expired", ends_at=FROM + timedelta(minutes=9))
    narrowed = replace(SWAP, what="narrowed", scopes=SWAP.scopes[:1])
    parts = {
        "silenced": [layout.silenced(SWAP, 2, to)],
        "changed": [layout.silenced(SWAP, 2, to, words.changed)],
        "unchanged": [layout.silenced(SWAP, 2, to, words.unchanged)],
        "extended": [layout.silenced(SWAP, 2, to, words.extended)],
        "extended_elsewhere": [layout.lasting(SWAP, words.extended, to)],
        "ended": [layout.ended(ended, SWAP, "slack:Rin", to)],
        "narrowed": [layout.ended(narrowed, SWAP, "slack:Rin", to)],
        "waits": [layout.waiting(replace(SITE, id=0), 12, BROAD, FROM + timedelta(hours=1), to, 3)],
        "waits_to_change": [layout.waiting(SITE, 12, BROAD, FROM + timedelta(hours=1), to, 3)],
        "confirmed": [layout.confirmed(SITE, 12, "slack:Rin", to)],
        "lapsed": [layout.lapsed(SITE, 3600, to)],
        "withdrawn": [layout.withdrawn([SWAP, SITE], 0, to)],
        "withdrawn_waiting": [layout.withdrawn([], 1, to)],
        "listed": layout.listed([SWAP, SITE, STRANGE], 2, to),
        "listed_none": layout.listed([], 2, to),
        "listed_waiting": [*layout.listed([], 2, to), *layout.still_waiting([replace(SITE, id=0), SWAP], to)],
        "explained": [layout.explained(to)],
        "status": [status("rt-tyo-01.example.net", ("tyo1", "core", "Cisco IOS-XE"), [FAULT] * 3, [SWAP], 2, to)],
        "status_fine": [status("rt-tyo-01.example.net", (), [], [], 2, to)],
    }
    nos = {
        "done_before": words.done_before,
        "over_already": words.over_already.format(end=layout.moment(FROM, to)),
        "nobody_knows": words.nobody_knows.format(reason="directory.json: …"),
        "no_number": words.no_number.format(number="#7"),
        "no_hosts": words.no_hosts,
        "no_request": words.no_request,
        "which": words.status_which.format(name="sw1", names="sw1.osa, sw1.tyo"),
        "ended_before": to.words.said("silence #7 has ended: add another one"),
    }
    denials = {
        "may_not": words.may_not.format(setting="permissions.silence"),
        "not_here": words.not_here.format(channels="C0SILENCE1"),
        "cannot_tell": words.cannot_tell.format(group="S0NOC", code="missing_scope"),
        "own": words.own,
        "not_waiting": words.not_waiting,
        "confirmed_already": words.confirmed_already.format(who="Rin", number="#7"),
    }
    parts |= {f"no_{name}": [layout.refused(why, to, "silence HOST 2h")] for name, why in nos.items()}
    parts |= {f"no_{name}": [layout.denied(why, to)] for name, why in denials.items()}
    found = {f"request_{name}": layout.message(said, f"request/{name}", to) for name, said in parts.items()}
    both = [*parts["silenced"], *parts["waits"], *parts["no_no_number"]]
    found["request_several"] = layout.message(both, "request/several", to, layout.late(1800, to))
    left = words.no_request_left.format(number="#7")
    refused = layout.refused(left, to)
    held = refused._replace(lines=(*refused.lines, *layout.holding([SWAP], words.holds, to)))
    found["request_holds"] = layout.message([held], "request/holds", to)
    return found
