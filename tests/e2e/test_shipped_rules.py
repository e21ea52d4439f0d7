"""Which of the shipped rules answers which event, as the real ansible-rulebook decides."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from events import event

from fannel import config
from fannel.checks.find import Checks
from fannel.cli.environment import environment
from fannel.collection import root
from fannel.event import Host
from fannel.kinds.classify import Kinds
from fannel.lab.rulebook import RulebookProcess

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SUPPORT = Path(__file__).parents[1] / "support"
RULEBOOK = root() / "rulebooks" / "network_alerts.yml"
KINDS = tuple(Kinds.load().compiled.kinds.values())
PHASES = {(kind.problem, kind.phase) for kind in KINDS}
CHECKS = sorted(
    (file.parent.name, file.stem)
    for file in Checks((root() / "checks",)).files()
    if (file.parent.name, "raise") in PHASES
)
# What only informs (a restart) has no incident. The rest is asked where a verdict wants to know.
INFORMING = sorted(
    (kind.name, file.stem)
    for file in Checks((root() / "checks",)).files()
    for kind in KINDS
    if kind.problem == file.parent.name and kind.phase == "info" and (kind.problem, "raise") not in PHASES
    if kind.name not in ("config_changed", "stp_topology_change", "reload_requested")
)
OVER = sorted({problem for problem, _ in CHECKS if (problem, "clear") in PHASES})
LOOKED_AT = "fannel.network.respond"
TIMEOUT_S = 120


def fault(problem, os_name, phase="raise", state="new", **more):
    happened = event()
    host = Host(f"{os_name}.example.net", known=True, os=os_name)
    if phase == "clear":
        more = {"kind": f"{problem}_over"} | more
    about = {"kind": problem, "problem": problem, "phase": phase, "host": host, **more}
    return replace(happened, **about, incident={"id": "A-1", "state": state})


def inform(kind, os_name, problem=None, via="snmp_trap", number=""):
    """What is over once it is said: no incident."""
    known = {one.name: one.problem for one in KINDS}
    about = {"kind": kind, "problem": problem or known[kind], "phase": "info", "via": via}
    return replace(event(), **about, host=Host(f"{os_name}{number}.{kind}.example.net", known=True, os=os_name))


def verdict(problem, outcome, *, incident="A-1", role=None, peer=None, escalates=True, about=None, **facts):
    """What a check found, as it comes back to the rules."""
    found = {"outcome": outcome, "reason": "r", "reasons": ["r"], "evidence": [], "facts": facts}
    found |= {"escalates": True} if escalates else {}
    happened = fault(problem, "ios", "info", kind="verdict", verdict=found, via="check")
    return replace(
        happened,
        incident={"id": incident, "state": "open"},
        host=replace(happened.host, role=role),
        subject=replace(happened.subject, peer=peer, **({"name": about} if about else {})),
    )


SILENCED = {"id": 1, "reason": "work", "ends_at": "2026-11-23T00:00:00+00:00"}
EVENTS = {
    **{f"{problem} on {os_name}": fault(problem, os_name) for problem, os_name in CHECKS},
    **{f"{kind} on {os_name}": inform(kind, os_name) for kind, os_name in INFORMING},
    "about to restart": inform("reload_requested", "ios"),
    "restarted, no check": inform("cold_start", "acmeos"),
    "looked why": inform("looked", "ios", problem="device_restart", via="check"),
    **{f"{problem} over": fault(problem, "ios", "clear", "open") for problem in OVER},
    "nobody has a check": fault("interface_down", "acmeos"),
    "answered already": fault("bgp_neighbor_down", "ios", state="open"),
    "silenced": fault("bgp_neighbor_down", "ios", silence=SILENCED),
    "held back": fault("ospf_neighbor_down", "frr", state="held"),
    "light is low": verdict("optics_threshold", "confirmed", incident="A-2", peer="rt-osa-01 Gi0", low="rx"),
    "light is low, far end unknown": verdict("optics_threshold", "confirmed", incident="A-3", low="rx"),
    "own laser is weak": verdict("optics_threshold", "confirmed", incident="A-4", peer="rt-osa-01 Gi0", low="tx"),
    "shut down": verdict("interface_down", "expected", incident="A-5"),
    "shut down, seen again": verdict("interface_down", "expected", incident="A-5"),
    "could not tell": verdict("bgp_neighbor_down", "inconclusive", incident="A-6"),
    "fan failed": verdict("fan_failed", "confirmed", incident="A-14"),
    "core link": verdict("interface_down", "confirmed", incident="A-7", role="core"),
    "core link, nobody to escalate to": verdict(
        "interface_down", "confirmed", incident="A-9", role="core", escalates=False
    ),
    "other link": verdict("interface_down", "confirmed", incident="A-8", role="leaf"),
    "bundle": verdict("interface_down", "confirmed", incident="A-10", role="leaf", about="Port-channel1"),
    "bundle, seen again": verdict("interface_down", "confirmed", incident="A-10", role="leaf", about="Port-channel1"),
    "port disabled": verdict("interface_err_disabled", "confirmed", incident="A-12"),
    "port back": verdict("interface_err_disabled", "cleared", incident="A-13"),
    "unit of a bundle": verdict("interface_down", "confirmed", incident="A-11", role="leaf", about="ae0.100"),
    "silenced, looked at again": fault(
        "bgp_neighbor_down", "ios", "info", kind="recheck", silence=SILENCED, via="check"
    ),
    "silenced, and somebody asks": replace(
        fault("bgp_neighbor_down", "ios", "info", kind="recheck", silence=SILENCED, via="check"),
        incident={"id": "A-1", "state": "open", "asked_by": "kei"},
    ),
    "look": fault("config_changed", "ios", "info", kind="look", via="check"),
    "looked": fault("config_changed", "ios", "info", kind="looked", via="check"),
    **{f"login failed, {n} of 4": inform("login_failed", "frr", number="1") for n in range(1, 5)},
    **{f"login failed, {n} of 9": inform("login_failed", "frr", number="2") for n in range(1, 10)},
    "logins failed in a moment": replace(inform("login_failed", "frr", number="3"), repeats=7),
    "logins failed in the next moment": replace(inform("login_failed", "frr", number="3"), repeats=7),
    "login failed, silenced": replace(inform("login_failed", "frr", number="4"), repeats=7, silence=SILENCED),
    "no check, over": fault("door_open", "ios", "clear", "open"),
    "no check, over, flapping": fault(
        "door_open", "ios", "clear", "open", flap={"flapping": True, "transitions": 9, "window_s": 60}
    ),
}


@pytest.fixture(scope="module")
def answered(tmp_path_factory):
    """The name of the playbook that the first rule that holds would run, by the name of the event."""
    folder = tmp_path_factory.mktemp("rules")
    (rules,) = yaml.safe_load(RULEBOOK.read_text())
    put = [replace(happened, id=f"E{number:03d}").to_queue() for number, happened in enumerate(EVENTS.values())]
    last = fault("interface_down", "acmeos", host=Host("last.example.net", known=True, os="acmeos"))
    rules["sources"] = [{"listed_events_source": {"events": [*put, replace(last, id="ELAST").to_queue()]}}]
    for rule in rules["rules"]:
        if (run := rule["action"].get("run_playbook")) is not None:
            about = ".".join(("event", *filter(None, [run.get("var_root")])))
            rule["action"] = {"debug": {"msg": f"RAN {run['name']} FOR {{{{ {about}.id }}}} END"}}
    shown = folder / "rules.yml"
    shown.write_text(yaml.safe_dump([rules]))
    env = environment(config.load(), os.environ) | {"PYTHONPATH": str(SUPPORT), "FANNEL_CONFIG": ""}
    program = Path(sys.executable).with_name("ansible-rulebook")
    with RulebookProcess([str(program), "-S", str(SUPPORT), "--rulebook", str(shown)], env, folder) as running:
        assert running.wait_for("FOR ELAST END", TIMEOUT_S), running.output[-3000:]
        ran = re.findall(r"RAN (\S+) FOR (\S+) END", running.output)
    ids = {f"E{number:03d}": name for number, name in enumerate(EVENTS)}
    return {ids[event_id]: playbook for playbook, event_id in ran if event_id in ids}


@pytest.mark.parametrize(("problem", "os_name"), CHECKS)
def test_what_has_a_check_is_looked_at(answered, problem, os_name):
    assert answered.get(f"{problem} on {os_name}") == LOOKED_AT


@pytest.mark.parametrize(("kind", "os_name"), INFORMING)
def test_why_it_happened_is_looked_at_where_there_is_a_check(answered, kind, os_name):
    assert answered.get(f"{kind} on {os_name}") == LOOKED_AT


@pytest.mark.parametrize("problem", OVER)
def test_what_has_a_check_is_verified_when_it_is_over(answered, problem):
    assert answered.get(f"{problem} over") == "fannel.network.recover"


@pytest.mark.parametrize(
    ("name", "playbook"),
    [
        ("nobody has a check", "fannel.network.note"),
        ("about to restart", "fannel.network.note"),
        ("restarted, no check", "fannel.network.note"),
        ("looked why", None),
        ("answered already", None),
        ("silenced", None),
        ("held back", None),
        ("light is low", "fannel.network.further"),
        ("light is low, far end unknown", None),
        ("own laser is weak", None),
        ("shut down", "fannel.network.further"),
        ("shut down, seen again", None),
        ("could not tell", "fannel.network.further"),
        ("fan failed", "fannel.network.further"),
        ("core link", "fannel.network.further"),
        ("core link, nobody to escalate to", None),
        ("other link", None),
        ("bundle", "fannel.network.further"),
        ("bundle, seen again", None),
        ("unit of a bundle", None),
        ("port disabled", "fannel.network.further"),
        ("port back", None),
        ("silenced, looked at again", None),
        ("silenced, and somebody asks", "fannel.network.recheck"),
        ("look", "fannel.network.look"),
        ("looked", None),
        *((f"login failed, {n} of 4", None) for n in range(1, 5)),
        *((f"login failed, {n} of 9", "fannel.network.note" if n == 5 else None) for n in range(1, 10)),
        ("logins failed in a moment", "fannel.network.note"),
        ("logins failed in the next moment", None),
        ("login failed, silenced", None),
        ("no check, over", "fannel.network.note"),
        ("no check, over, flapping", None),
    ],
)
def test_everything_else_is_said_or_left_alone(answered, name, playbook):
    assert answered.get(name) == playbook
