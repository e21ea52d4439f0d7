"""The hosts that a request may name, and what an alert is about in whose thread nothing is named."""

import os

import pytest
from desking import DEVICES, keep_hosts
from events import NOW

from fannel.desk.hearing import about_incident
from fannel.desk.hosts import Hosts
from fannel.event import Host, Subject
from fannel.incidents.incident import Incident
from fannel.slack.grammar import Target


@pytest.fixture
def kept(tmp_path):
    path = tmp_path / "directory.json"
    keep_hosts(path)
    return path


def test_a_list_that_changed_is_read_again(kept):
    hosts = Hosts(kept)
    hosts.look()
    before = hosts.known
    assert len(before) == len(DEVICES)
    hosts.look()
    assert hosts.known is before, "not before it changes"
    keep_hosts(kept, DEVICES[:2])
    os.utime(kept, ns=(1, 1))
    assert hosts.known is before, "not before somebody looks"
    hosts.look()
    assert len(hosts.known) == 2
    assert hosts.device(DEVICES[0].name).site == DEVICES[0].site
    assert hosts.device("rt-nowhere") is None


def test_while_it_cannot_be_read_what_was_read_last_holds(kept):
    hosts = Hosts(kept)
    hosts.look()
    kept.write_text("{")
    hosts.look()
    assert len(hosts.known) == len(DEVICES)
    assert hosts.trouble.startswith("directory.json: ")
    keep_hosts(kept)
    os.utime(kept, ns=(2, 2))
    hosts.look()
    assert hosts.trouble is None


@pytest.mark.parametrize("path", [None, "nowhere.json"])
def test_without_one_it_says_why(path, tmp_path):
    hosts = Hosts(path and tmp_path / path)
    hosts.look()
    assert len(hosts.known) == 0
    assert hosts.trouble


def incident(subject, problem="bgp_neighbor_down"):
    return Incident(
        id="A-1",
        fingerprint="f",
        problem=problem,
        severity="critical",
        state="open",
        host=Host("rt1", known=True),
        subject=subject,
        notification=None,
        opened_by="01",
        opened_at=NOW,
        last_raise_at=NOW,
    )


@pytest.mark.parametrize(
    ("subject", "target"),
    [
        (Subject("interface", "Gi0/1"), Target(host="rt1", interface="Gi0/1")),
        # Which interface nobody knows: all of the host would be more than is meant.
        (Subject("interface", None, ifindex=3), None),
        (Subject("bgp_peer", "192.0.2.9"), Target(host="rt1", problem="bgp_neighbor_down", subject="192.0.2.9")),
        (Subject("device", "rt1"), Target(host="rt1", problem="bgp_neighbor_down")),
        (Subject("device", None), Target(host="rt1", problem="bgp_neighbor_down")),
        (Subject("sensor", None), None),
    ],
)
def test_in_the_thread_of_an_alert_exactly_its_fault_is_meant(subject, target):
    assert about_incident(incident(subject)) == target
