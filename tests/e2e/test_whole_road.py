"""The whole road, for real: UDP trap → ansible-rulebook → ansible-playbook → SSH login → verdict → Slack thread.

One ansible-rulebook with the shipped rulebook runs for all of these; each test uses a device or an interface of its
own. The network is hostile on purpose: descriptions hold templates that would run a command if anything ran them.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from fannel.cli.demo import fannel_on
from fannel.collection import root
from fannel.incidents.lease import login
from fannel.incidents.silence import Matcher, Silence
from fannel.incidents.store import Store
from fannel.lab.devices.lab import ENABLE_PASSWORD, PASSWORD
from fannel.lab.devices.plant import read_network
from fannel.lab.pagoda import Fault as PagodaFault
from fannel.lab.slack.faults import Fault
from fannel.lab.slack.server import SlackStandIn
from fannel.lab.stage import CHANNEL, Stage
from fannel.wire.encoder import encode_trap
from fannel.wire.varbind import ValueType, WireVarBind

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group("e2e")]

WRONG_PASSWORD = "wrong-enable-Zx81"
# Long, for a machine that has other things to do; a passing test takes a few seconds of it.
TIMEOUT_S = 180


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("e2e")


@pytest.fixture(scope="module")
def marker(folder):
    """What a template would create if anything ever ran one."""
    return folder / "owned"


def payload(marker):
    return "{{ lookup('ansible.builtin.pipe', 'touch " + str(marker) + "') }}"


def header_payload(marker):
    """A template without a brace: Ansible lets a text name its own marks in a first line."""
    marks = "variable_start_string:'[%', variable_end_string:'%]'"
    return f"#jinja2: {marks}\n[% lookup('ansible.builtin.pipe', 'touch {marker}') %]"


@pytest.fixture(scope="module")
def network(folder, marker):
    """The lab network plus a few ports, one device nobody can reach, and descriptions that attack."""
    described = read_network()
    devices = described["devices"]
    ports = devices["rt-tyo-01.example.net"]["interfaces"]
    for number in range(10, 20):
        ports[f"GigabitEthernet0/{number}"] = {"if_index": 100 + number, "description": f"port {number}"}
    ports["GigabitEthernet0/10"]["description"] = payload(marker)
    ports["GigabitEthernet0/15"]["description"] = header_payload(marker)
    devices["leaf-tyo-02.example.net"] = devices["leaf-tyo-01.example.net"] | {
        "management_ip": "127.0.1.14",
        "interfaces": {"Ethernet1": {"if_index": 1, "description": "wrong enable password"}},
    }
    devices["rt-tyo-09.example.net"] = devices["rt-tyo-01.example.net"] | {
        "management_ip": "127.0.1.19",
        "snmp_source_addresses": [],
        "interfaces": {"GigabitEthernet0/1": {"if_index": 1, "description": "unreachable"}},
    }
    devices["frr-tyo-02.example.net"] = devices["frr-tyo-01.example.net"] | {
        "management_ip": "127.0.1.16",
        "interfaces": {"eth1": {"if_index": 2, "description": "no such check"}},
        "platform": "Unheard-of OS",
    }
    described["platforms"]["Unheard-of OS"] = {"ansible_network_os": "acme.os.acmeos", "vendor": "ACME"}
    file = folder / "network.yml"
    file.write_text(yaml.safe_dump(described))
    return file


@pytest.fixture(scope="module")
def on_record(folder, network):
    """What pagoda knows of that network: everything but one interface."""
    described = yaml.safe_load(network.read_text())
    del described["devices"]["frr-tyo-01.example.net"]["interfaces"]["eth1"]
    file = folder / "on-record.yml"
    file.write_text(yaml.safe_dump(described))
    return file


@pytest.fixture(scope="module")
def stage(folder, network, on_record):
    with Stage(folder, network=network, on_record=on_record, slack=SlackStandIn(rate_limits=False)) as running:
        yield running


@pytest.fixture(scope="module")
def inventory(folder):
    """The lab's inventory, with one wrong password and one port where nobody listens."""
    copy = folder / "inventory"
    shutil.copytree(root() / "inventory" / "lab", copy)
    hosts = {
        "leaf-tyo-02.example.net": {"ansible_become_password": WRONG_PASSWORD},
        "rt-tyo-09.example.net": {"ansible_port": 9},
    }
    (copy / "z_troubles.yml").write_text(yaml.safe_dump({"all": {"hosts": hosts}}))
    return copy


@pytest.fixture(scope="module")
def silence(stage):
    """What somebody silenced before FANNEL began: one port."""
    now, port = datetime.now(UTC), Matcher("interface", "equal", "Gi0/16")
    scopes = ((Matcher("host", "equal", "rt-tyo-01.example.net"), port),)
    with contextlib.closing(Store.open(stage.environ["FANNEL_DATABASE__URL"])) as store:
        return store.silences.add(Silence(0, scopes, now, now + timedelta(days=1), "cli:me", "cli", "moved"), now)


@pytest.fixture(scope="module")
def fannel(stage, folder, inventory, silence):
    with fannel_on(stage, os.environ, folder, inventory=inventory) as running:
        assert running.wait_for("pagoda_loaded", TIMEOUT_S), running.output
        yield running


class Thread:
    """What an engineer sees of one incident."""

    def __init__(self, stage, words):
        self.stage, self.words = stage, words

    @property
    def messages(self):
        everything = list(self.stage.slack.workspace.messages[CHANNEL].values())
        parent = next((m for m in everything if self.words in m["text"] and not _is_reply(m)), None)
        replies = [m for m in everything if parent and _is_reply(m) and m["thread_ts"] == parent["ts"]]
        return [parent, *replies] if parent else []

    @property
    def parent(self):
        return self.messages[0]["text"]

    def text(self):
        return str(self.messages)

    def until(self, seen, fannel):
        deadline = time.monotonic() + TIMEOUT_S
        while not (self.messages and seen(self)):
            assert time.monotonic() < deadline, f"{self.text()}\n{fannel.output[-5000:]}"
            time.sleep(0.1)
        return self


def _is_reply(message):
    return message.get("thread_ts") not in (None, message["ts"])


def judged(thread):
    return len(thread.messages) >= 2 and "checking" not in thread.parent and "linkDown" not in thread.parent[:12]


CABLES = {
    "ios": ("rt-tyo-01.example.net", "GigabitEthernet0/3", "rt-tyo-01 Gi0/3 "),
    "iosxr": ("rt-osa-01.example.net", "GigabitEthernet0/0/0/1", "rt-osa-01 Gi0/0/0/1 "),
    "nxos": ("sw-tyo-01.example.net", "Ethernet1/2", "sw-tyo-01 Eth1/2 "),
    "eos": ("leaf-tyo-01.example.net", "Ethernet2", "leaf-tyo-01 Eth2 "),
    "junos": ("ex-osa-01.example.net", "ge-0/0/1", "ex-osa-01 ge-0/0/1 "),
    "frr": ("frr-tyo-01.example.net", "eth2", "frr-tyo-01 eth2 "),
}


@pytest.fixture(scope="module")
def pulled_and_plugged_in(stage, fannel):
    """Six faults at once, on six operating systems, answered side by side; then all six come back."""
    for host, interface, _ in CABLES.values():
        stage.act(host, "cut", interface)
    for _, _, shown in CABLES.values():
        Thread(stage, shown).until(lambda t: "confirmed" in t.parent, fannel)
    for host, interface, _ in CABLES.values():
        stage.act(host, "restore", interface)


@pytest.mark.parametrize("os_name", CABLES)
def test_a_pulled_cable_is_confirmed_and_its_return_resolved(stage, fannel, pulled_and_plugged_in, os_name):
    thread = Thread(stage, CABLES[os_name][2])
    thread.until(lambda t: t.parent.startswith("🟢 RECOVERED"), fannel)
    thread.until(lambda t: t.messages[-1].get("subtype") == "thread_broadcast", fannel)
    verdict, recovery = thread.messages[1], thread.messages[-1]
    assert "confirmed" in verdict["text"]
    assert "RECOVERED" in recovery["text"]


@pytest.mark.parametrize("os_name", CABLES)
def test_the_trap_and_the_syslog_of_it_are_one_incident_and_one_thread(
    stage, fannel, pulled_and_plugged_in, os_name, folder
):
    host, interface, shown = CABLES[os_name]
    fingerprint = f"{host}/interface_down/{interface}"
    query = "SELECT DISTINCT via, incident_id FROM events WHERE fingerprint = ? AND phase = 'raise'"
    with contextlib.closing(sqlite3.connect(folder / "fannel.sqlite3")) as database:
        said = database.execute(query, (fingerprint,)).fetchall()
    assert sorted(via for via, _ in said) == ["snmp_trap", "syslog"]
    assert len({incident for _, incident in said}) == 1
    parents = [m for m in stage.slack.workspace.messages[CHANNEL].values() if shown in m["text"] and not _is_reply(m)]
    assert len(parents) == 1


def test_an_interface_that_only_the_device_knows_by_name_is_named_in_the_thread(stage, fannel):
    """net-snmp's trap carries the index alone, and pagoda has no such interface."""
    stage.act("frr-tyo-01.example.net", "cut", "eth1")
    thread = Thread(stage, "frr-tyo-01 eth1").until(lambda t: "confirmed" in t.parent, fannel)
    assert "eth1 is down, and nobody shut it down" in thread.text()
    stage.act("frr-tyo-01.example.net", "restore", "eth1")
    thread.until(lambda t: t.parent.startswith("🟢 RECOVERED"), fannel)


def test_a_shut_down_interface_is_expected(stage, fannel):
    stage.act("rt-tyo-01.example.net", "shutdown", "GigabitEthernet0/11")
    thread = Thread(stage, "Gi0/11").until(lambda t: "expected" in t.parent, fannel)
    assert "⚪" in thread.parent


def test_a_template_in_the_device_pagoda_and_trap_is_read_and_never_run(stage, fannel, marker, folder):
    evil = payload(marker)
    stage.devices.plant.change("rt-tyo-01.example.net", "GigabitEthernet0/10", now=time.time(), description=evil)
    stage.act("rt-tyo-01.example.net", "cut", "GigabitEthernet0/10")
    stage.act("rt-tyo-01.example.net", "cut", "GigabitEthernet0/15")
    alias = WireVarBind("1.3.6.1.2.1.31.1.1.1.18.999", ValueType.OCTET_STRING, header_payload(marker).encode())
    name = WireVarBind("1.3.6.1.2.1.2.2.1.2.999", ValueType.OCTET_STRING, evil.encode())
    send(stage, encode_trap("1.3.6.1.6.3.1.1.5.3", [name, alias], community=b"public"), "127.0.1.1")
    send(stage, encode_trap("1.3.6.1.6.3.1.1.5.3", [name], community=evil.encode()), "127.0.1.1")
    thread = Thread(stage, "Gi0/10").until(judged, fannel)
    assert "lookup('ansible.builtin.pipe'" in thread.text(), "people can read what somebody tried"
    named = Thread(stage, "rt-tyo-01 {{ lookup(").until(judged, fannel)
    assert "could not judge" in named.parent, "no such name reaches a device"
    Thread(stage, "Gi0/15").until(judged, fannel)
    Thread(stage, "SNMP authentication failure").until(lambda _: True, fannel)
    time.sleep(1)
    assert not marker.exists()
    with sqlite3.connect(folder / "fannel.sqlite3") as database:
        logged = [event for (event,) in database.execute("SELECT event FROM events")]
    assert any(evil in event for event in logged), "the log keeps the original"


def test_a_device_that_cannot_be_reached_is_inconclusive_in_the_thread(stage, fannel):
    stage.act("rt-tyo-09.example.net", "cut", "GigabitEthernet0/1")
    thread = Thread(stage, "rt-tyo-09").until(lambda t: "could not judge" in t.parent, fannel)
    assert "Connection refused" in thread.text()


def test_a_wrong_enable_password_is_inconclusive_and_shown_nowhere(stage, fannel, folder):
    stage.act("leaf-tyo-02.example.net", "cut", "Ethernet1")
    thread = Thread(stage, "leaf-tyo-02").until(lambda t: "could not judge" in t.parent, fannel)
    assert "privilege" in thread.text() or "enable" in thread.text()
    everything = fannel.output + str(stage.slack.workspace.messages) + str(stage.slack.workspace.calls)
    with sqlite3.connect(folder / "fannel.sqlite3") as database:
        everything += "\n".join(database.iterdump())
    for secret in (WRONG_PASSWORD, PASSWORD, ENABLE_PASSWORD, stage.environ["PAGODA_TOKEN"]):
        assert secret not in everything


def test_an_operating_system_without_a_rule_is_said_and_nobody_logs_in(stage, fannel):
    send(stage, trap_of(2, None), "127.0.1.16")
    thread = Thread(stage, "frr-tyo-02").until(lambda t: len(t.messages) == 2, fannel)
    assert "no rule looks at interface_down on acmeos" in thread.text()


def test_an_unknown_device_gets_a_thread_of_its_own(stage, fannel):
    send(stage, trap_of(7, "Gi0/7"), "127.0.9.9")
    thread = Thread(stage, "127.0.9.9").until(lambda t: len(t.messages) == 2, fannel)
    assert "pagoda does not know this device" in thread.text()


def test_a_critical_line_of_no_known_kind_is_said_with_its_text(stage, fannel):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind(("127.0.1.1", 0))
        for number in range(3):
            line = f"<186>{number}: *Nov 26 08:30:56.699: %NOBODY-2-KNOWS: the coolant is low".encode()
            sender.sendto(line, ("127.0.0.1", stage.syslog_port))

    def said():
        return [m for m in stage.slack.workspace.messages[CHANNEL].values() if "the coolant is low" in str(m)]

    deadline = time.monotonic() + TIMEOUT_S
    while not said():
        assert time.monotonic() < deadline, fannel.output[-5000:]
        time.sleep(0.1)
    assert "rt-tyo-01" in said()[0]["text"]


def test_who_cannot_log_in_to_a_host_that_tells_nobody_is_said_once_it_is_often(stage, fannel):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind(("127.0.1.6", 0))
        for port in range(7):
            line = f"Failed password for root from 203.0.113.9 port {port} ssh2"
            sender.sendto(f"<86>Nov 26 08:30:56 frr-tyo-01 sshd[77]: {line}".encode(), ("127.0.0.1", stage.syslog_port))
    note = Thread(stage, "login failed frr-tyo-01").until(lambda _: True, fannel)
    assert "5 times or more within 60 min" in note.text()
    assert "203.0.113.9" in note.text()
    assert len(note.messages) == 1


def test_a_restart_of_a_device_is_one_message(stage, fannel):
    for _ in range(3):
        send(stage, encode_trap("1.3.6.1.6.3.1.1.5.1", community=b"public"), "127.0.1.2")
    Thread(stage, "coldStart").until(lambda _: True, fannel)
    time.sleep(3)
    restarts = [m for m in stage.slack.workspace.messages[CHANNEL].values() if "coldStart" in m["text"]]
    assert len(restarts) == 1


def test_a_silenced_fault_is_recorded_and_gets_its_thread_when_the_silence_ends(stage, fannel, silence):
    stage.act("rt-tyo-01.example.net", "cut", "GigabitEthernet0/16")
    with contextlib.closing(Store.open(stage.environ["FANNEL_DATABASE__URL"])) as store:
        wait_until(lambda: store.endings.account(silence.id).lasting, fannel)
        ended_at = datetime.now(UTC)
        store.silences.change([silence.expired("cli:me", ended_at)])
    thread = Thread(stage, "linkDown rt-tyo-01 Gi0/16 ").until(lambda t: "confirmed" in t.parent, fannel)
    assert float(thread.messages[0]["ts"]) >= ended_at.timestamp()
    digest = Thread(stage, f"Silence over #{silence.id} ").until(lambda t: "STILL THERE" in t.parent, fannel)
    assert "being checked; its thread follows" in digest.text()


def test_who_presses_re_check_is_answered_in_the_thread(stage, fannel):
    stage.act("rt-tyo-01.example.net", "cut", "GigabitEthernet0/17")
    thread = Thread(stage, "linkDown rt-tyo-01 Gi0/17 ").until(lambda t: "confirmed" in t.parent, fannel)
    wait_until(lambda: stage.slack.sockets.connected_so_far, fannel)
    stage.slack.people.click(CHANNEL, thread.messages[0]["ts"], "fannel.recheck")
    thread.until(lambda t: "re-check for On Call" in t.text(), fannel)


def test_while_slack_is_down_the_fault_is_judged_and_said_afterwards(stage, fannel, folder):
    stage.slack.faults.add(Fault("http_before", "*", times=10_000, status=503))
    try:
        stage.act("rt-tyo-01.example.net", "cut", "GigabitEthernet0/12")
        wait_until(lambda: verdict_of(folder, "GigabitEthernet0/12") is not None, fannel)
    finally:
        stage.slack.faults.clear()
    Thread(stage, "Gi0/12").until(lambda t: "confirmed" in t.parent and len(t.messages) >= 2, fannel)


def test_while_pagoda_is_down_nothing_is_said_later_or_not_judged(stage, fannel):
    stage.pagoda.fault = PagodaFault.DROP
    try:
        stage.act("rt-tyo-01.example.net", "cut", "GigabitEthernet0/15")
        send(stage, trap_of(8, "Gi0/8"), "127.0.9.8")
        Thread(stage, "Gi0/15").until(lambda t: "confirmed" in t.parent and len(t.messages) >= 2, fannel)
        Thread(stage, "127.0.9.8").until(lambda t: len(t.messages) == 2, fannel)
    finally:
        stage.pagoda.fault = PagodaFault.NONE


def test_a_broken_check_of_the_site_is_named_with_its_line(stage, fannel, folder):
    own = folder / "checks" / "interface_down"
    own.mkdir(parents=True)
    (own / "ios.yml").write_text("commands:\n  - nmae: interface\n")
    try:
        stage.act("rt-tyo-01.example.net", "cut", "GigabitEthernet0/13")
        thread = Thread(stage, "Gi0/13").until(lambda t: "could not judge" in t.parent, fannel)
    finally:
        shutil.rmtree(own)
    assert "ios.yml:" in thread.text()


def test_killed_in_the_middle_it_finishes_after_the_restart_and_says_nothing_twice(stage, folder, inventory, fannel):
    """Last in this file: it takes the running FANNEL away and starts another."""
    store = Store.open(stage.environ["FANNEL_DATABASE__URL"])
    # Somebody else is logged in, so that the run is still at it when it is killed.
    taken = store.leases.acquire(login("rt-tyo-01.example.net"), "a test", 600, datetime.now(UTC))
    stage.act("rt-tyo-01.example.net", "cut", "GigabitEthernet0/14")
    Thread(stage, "Gi0/14").until(lambda _: True, fannel)
    kill_all(stage)
    fannel.stop()
    store.leases.release(taken)
    store.close()
    with fannel_on(stage, os.environ, folder, inventory=inventory) as again:
        assert again.wait_for("asking the rules again", TIMEOUT_S), again.output
        thread = Thread(stage, "Gi0/14").until(lambda t: "confirmed" in t.parent, again)
        time.sleep(1)
    parents = [
        m for m in stage.slack.workspace.messages[CHANNEL].values() if "Gi0/14" in m["text"] and not _is_reply(m)
    ]
    verdicts = [m for m in thread.messages if "confirmed" in m["text"] and _is_reply(m)]
    assert (len(parents), len(verdicts)) == (1, 1)


def test_a_broken_rulebook_ends_at_once_with_what_is_wrong(tmp_path):
    broken = tmp_path / "broken.yml"
    broken.write_text("- name: Broken\n  hosts: all\n  sources: []\n  rules:\n    - condition: event.x ==\n")
    env = {key: value for key, value in os.environ.items() if not key.startswith(("FANNEL_", "PAGODA_"))}
    done = subprocess.run(
        [sys.executable, "-m", "fannel", "run", "--rulebook", str(broken)],
        cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "rulebook" in (done.stdout + done.stderr).lower()


def kill_all(stage):
    """kill -9 all that runs on this stage, as when its machine dies; playbooks' workers have sessions of their own."""
    mark = f"FANNEL_DATABASE__URL={stage.environ['FANNEL_DATABASE__URL']}".encode()
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark in (entry / "environ").read_bytes().split(b"\0"):
                os.kill(int(entry.name), signal.SIGKILL)


def send(stage, datagram, source):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind((source, 0))
        sender.sendto(datagram, ("127.0.0.1", stage.trap_port))


def trap_of(index, name):
    varbinds = [WireVarBind(f"1.3.6.1.2.1.2.2.1.1.{index}", ValueType.INTEGER, index)]
    if name:
        varbinds.append(WireVarBind(f"1.3.6.1.2.1.2.2.1.2.{index}", ValueType.OCTET_STRING, name.encode()))
    return encode_trap("1.3.6.1.6.3.1.1.5.3", varbinds, community=b"public")


def verdict_of(folder, interface):
    with sqlite3.connect(folder / "fannel.sqlite3", timeout=10) as database:
        row = database.execute(
            "SELECT verdict FROM incidents WHERE fingerprint LIKE ? AND verdict IS NOT NULL", (f"%/{interface}",)
        ).fetchone()
    return row[0] if row else None


def wait_until(seen, fannel):
    deadline = time.monotonic() + TIMEOUT_S
    while not seen():
        assert time.monotonic() < deadline, fannel.output[-5000:]
        time.sleep(0.1)
