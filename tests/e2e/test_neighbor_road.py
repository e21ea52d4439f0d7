"""A neighbour is lost while its link stays up, for real: trap → rule → login → check → one thread, and back."""

from __future__ import annotations

import os
import time

import pytest

from fannel.cli.demo import fannel_on
from fannel.lab.slack.server import SlackStandIn
from fannel.lab.stage import CHANNEL, Stage

pytestmark = [pytest.mark.timeout(500), pytest.mark.xdist_group("e2e")]

# Long, for a machine that has other things to do.
TIMEOUT_S = 180
FAR_END = "rt-osa-01.example.net"
IOS, FRR = "rt-tyo-01.example.net", "frr-tyo-01.example.net"
# host, port, how it is lost and found, who is then said to be lost, what the verdict says
LOST = {
    "bgp on ios": (IOS, "GigabitEthernet0/3", "bgp", "192.0.2.4", "BGP with 192.0.2.4 (AS 64505) is active"),
    "bgp on frr": (FRR, "eth2", "bgp", "192.0.2.2", "BGP with 192.0.2.2 (AS 64503) is active"),
    "ospf on ios": (IOS, "GigabitEthernet0/2", "ospf", "198.51.100.5", "198.51.100.5 is no OSPF neighbour any more"),
    "ospf on frr": (FRR, "eth1", "ospf", "198.51.100.3", "198.51.100.3 is no OSPF neighbour any more"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("neighbours")


@pytest.fixture(scope="module")
def stage(folder):
    with Stage(folder, slack=SlackStandIn(rate_limits=False)) as running:
        yield running


@pytest.fixture(scope="module")
def fannel(stage, folder):
    with fannel_on(stage, os.environ, folder) as running:
        assert running.wait_for("pagoda_loaded", TIMEOUT_S), running.output
        yield running


def thread(stage, host, peer):
    """The parent about this neighbour, and its replies."""
    everything = list(stage.slack.workspace.messages[CHANNEL].values())
    named = (host.partition(".")[0], peer)
    parents = [one for one in everything if one.get("thread_ts") in (None, one["ts"])]
    parent = next((one for one in parents if all(word in str(one) for word in named)), None)
    replies = [one for one in everything if parent and one.get("thread_ts") == parent["ts"] and one is not parent]
    return [parent, *replies] if parent else []


def until(seen, stage, fannel):
    deadline = time.monotonic() + TIMEOUT_S
    while not seen():
        assert time.monotonic() < deadline, f"{stage.slack.workspace.messages[CHANNEL]}\n{fannel.output[-5000:]}"
        time.sleep(0.1)


@pytest.mark.parametrize("name", LOST)
def test_a_lost_neighbour_is_confirmed_and_its_return_verified(stage, fannel, name):
    host, interface, protocol, peer, says = LOST[name]
    stage.act(host, f"lose-{protocol}", interface)
    until(lambda: says in str(thread(stage, host, peer)[1:]), stage, fannel)
    stage.act(host, f"find-{protocol}", interface)
    until(lambda: "RECOVERED" in str(thread(stage, host, peer)[:1]), stage, fannel)
    until(lambda: "is established" in said(stage, host, peer) or "is full" in said(stage, host, peer), stage, fannel)


def test_a_session_that_somebody_shut_down_is_expected(stage, fannel):
    """Before any port of this device is down: what is lost at the same time would be taken for its consequence."""
    stage.act(IOS, "shut-bgp", "GigabitEthernet0/1")
    until(lambda: "is shut down in the configuration" in said(stage, IOS, "192.0.2.2"), stage, fannel)
    until(lambda: "⚪" in thread(stage, IOS, "192.0.2.2")[0]["text"], stage, fannel)


def test_what_is_shut_down_names_who_changed_the_configuration(stage, fannel):
    """The verdict comes back to the rules, and a rule asks further: the thread of the fault is told."""
    stage.act(IOS, "shutdown", "GigabitEthernet0/3")
    until(lambda: "last changed by alice" in said(stage, IOS, "Gi0/3"), stage, fannel)


def test_light_that_is_too_weak_is_a_question_to_the_far_end(stage, fannel):
    """IOS-XE says so by syslog; the rules then have the IOS-XR router at the other end of the fibre asked."""
    stage.act(IOS, "dim", "GigabitEthernet0/1")
    until(lambda: "receives -19.4 dBm" in said(stage, IOS, "Gi0/1"), stage, fannel)
    far = FAR_END.partition(".")[0]
    until(lambda: far in said(stage, IOS, "Gi0/1"), stage, fannel)
    looked = said(stage, IOS, "Gi0/1")
    assert "GigabitEthernet0/0/0/0 receives -5.1 dBm and sends -2.3 dBm" in looked, "the fibre, not the far end's laser"
    assert stage.devices.logins(FAR_END) == 1


def said(stage, host, peer):
    return str(thread(stage, host, peer)[1:])
