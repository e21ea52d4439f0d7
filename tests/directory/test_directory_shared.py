"""Several processes on one machine know the network, and one of them asks pagoda. (Locks are held per open file, so two
directories in one process stand for two processes.)"""

import time

import pytest

from fannel.directory.host_directory import HostDirectory
from fannel.lab.pagoda import Fault


@pytest.fixture
def start(lab, make_client, tmp_path):
    """Starts a directory that shares its file with the others."""
    running = []

    def start_(**options):
        hosts = HostDirectory(make_client(lab.url), cache_file=tmp_path / "hosts.json", poll_s=0.05, **options)
        running.append(hosts)
        hosts.start()
        assert hosts.wait_tried(5)
        return hosts

    yield start_
    for hosts in running:
        hosts.stop()


def eventually(condition, timeout_s=8.0):
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def knows(hosts, address):
    return hosts.directory.find([address], 0).status == "found"


def test_the_second_process_reads_what_the_first_wrote_and_asks_nobody(lab, start):
    start()
    lab.calls.clear()
    second = start()
    assert len(second.directory) == 6
    assert not [call for call in lab.calls if call.path.endswith("/advanced_search/")]


def test_a_change_reaches_the_second_process_through_the_file(lab, start, monkeypatch):
    monkeypatch.setattr("fannel.directory.kept.SAVE_EVERY_S", 0.0)
    start()
    second = start()
    lab.records.put("NetworkDevice", "new.example.net", {"management_ip": "127.0.1.77"})
    eventually(lambda: knows(second, "127.0.1.77"))


def test_unchanged_for_long_is_fresh_for_the_second_process_too(start):
    clock = Hand()
    first, second = start(clock=clock, wall=clock.wall), start(clock=clock, wall=clock.wall)
    clock.now += 500
    eventually(lambda: first.directory.stale_s(clock()) == 0)
    eventually(lambda: second.directory.stale_s(clock()) == 0)


def test_while_pagoda_is_down_the_second_process_grows_stale_too(lab, start):
    clock = Hand()
    start(clock=clock, wall=clock.wall)
    second = start(clock=clock, wall=clock.wall)
    lab.fault = Fault.ERROR_PAGE
    time.sleep(0.3)
    clock.now += 500
    time.sleep(0.3)
    assert second.directory.stale_s(clock()) >= 499


def test_when_the_first_ends_the_second_asks(lab, start):
    first, second = start(), start()
    first.stop()
    lab.records.put("NetworkDevice", "new.example.net", {"management_ip": "127.0.1.77"})
    eventually(lambda: knows(second, "127.0.1.77"))


def test_a_hint_at_a_process_that_does_not_lead_is_followed(lab, start):
    start(refresh_s=3600)
    second = start()
    item = lab.records.put("NetworkDevice", "new.example.net", {"management_ip": "127.0.1.77"})
    second.hint(item.id)
    eventually(lambda: knows(second, "127.0.1.77"), 5)


def test_where_nothing_can_be_locked_everybody_asks(lab, make_client, tmp_path):
    folder = tmp_path / "file"
    folder.write_text("in the way")
    hosts = HostDirectory(make_client(lab.url), cache_file=folder / "hosts.json")
    hosts.start()
    assert hosts.wait_tried(5)
    hosts.stop()


class Hand:
    """Two clocks that stand still until a test moves them; files are touched by the second."""

    def __init__(self):
        self.now = time.time()

    def __call__(self):
        return self.now

    def wall(self):
        return self.now
