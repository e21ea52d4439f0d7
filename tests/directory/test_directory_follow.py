"""What changed in pagoda is known without reading its whole list again. Over real HTTP."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from fannel.directory import follow
from fannel.directory.errors import PagodaError
from fannel.directory.follow import Follower, TooMuchChanged
from fannel.directory.host_directory import HostDirectory
from fannel.directory.reader import Reader
from fannel.lab.pagoda import Fault

RT_TYO = "rt-tyo-01.example.net"
LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)


@pytest.fixture
def hosts(client):
    """Loaded once, without a background thread: what it learns afterwards, it learns by following."""
    hosts = HostDirectory(client)
    hosts.refresh()
    return hosts


def lists(lab):
    """How many searches asked for every device."""
    return len([c for c in lab.calls if c.path.endswith("/advanced_search/") and "hint_entry" not in c.body])


def test_a_new_device_is_known(lab, hosts):
    lab.records.put("NetworkDevice", "new.example.net", {"management_ip": "127.0.1.77"})
    hosts.follow()
    assert hosts.find(["127.0.1.77"]).device.name == "new.example.net"


def test_a_changed_address_moves(lab, hosts):
    lab.records.put("NetworkDevice", RT_TYO, {"management_ip": "127.0.1.88"})
    hosts.follow()
    assert hosts.find(["127.0.1.88"]).device.name == RT_TYO
    assert hosts.directory.find(["127.0.1.1"], 0).status == "unknown"


def test_a_renamed_device_has_its_new_name_alone(lab, hosts):
    known = len(hosts.directory)
    lab.records.rename("NetworkDevice", RT_TYO, "rt-tyo-99.example.net")
    hosts.follow()
    assert hosts.find(["127.0.1.1"]).device.name == "rt-tyo-99.example.net"
    assert len(hosts.directory) == known


def test_a_deleted_device_is_gone(lab, hosts):
    lab.records.delete("NetworkDevice", RT_TYO)
    hosts.follow()
    assert hosts.directory.find(["127.0.1.1"], 0).status == "unknown"


def test_an_interface_that_changed_is_described_anew(lab, hosts):
    lab.records.put("Interface", f"{RT_TYO}:GigabitEthernet0/1", {"description": "to somewhere else"})
    hosts.follow()
    device = hosts.find(["127.0.1.1"]).device
    assert hosts.interface(device, name="GigabitEthernet0/1").description == "to somewhere else"


def test_what_did_not_change_is_not_read_again(lab, hosts):
    before = lists(lab)
    hosts.follow()
    hosts.follow()
    assert lists(lab) == before


def test_a_change_is_read_once(lab, hosts):
    lab.records.put("NetworkDevice", RT_TYO, {"management_ip": "127.0.1.88"})
    hosts.follow()
    before = len(lab.calls)
    hosts.follow()
    assert [call.method for call in lab.calls[before:]] == ["GET", "GET"]  # one look at each model's changes


def test_a_change_that_comes_late_into_the_list_is_seen(lab, hosts):
    late = lab.records.put("NetworkDevice", RT_TYO, {"management_ip": "127.0.1.88"})
    lab.records.put("NetworkDevice", "new.example.net", {"management_ip": "127.0.1.77"})
    shown_at, late.updated = late.updated, LONG_AGO  # its transaction is not over yet
    hosts.follow()
    late.updated = shown_at
    hosts.follow()
    assert hosts.find(["127.0.1.88"]).device.name == RT_TYO


def test_unchanged_is_fresh(hosts):
    clock = iter(range(1000, 2000))
    hosts = HostDirectory(hosts._reader._client, clock=lambda: next(clock))
    hosts.refresh()
    loaded = hosts.directory.loaded_at
    hosts.follow()
    assert hosts.directory.loaded_at > loaded


def test_a_hint_is_followed_by_id(lab, hosts):
    item = lab.records.put("NetworkDevice", RT_TYO, {"management_ip": "127.0.1.88"})
    item.updated = LONG_AGO  # nobody finds it by time
    hosts.hint(item.id)
    hosts.follow()
    assert hosts.find(["127.0.1.88"]).device.name == RT_TYO


def test_a_hint_at_nothing_or_at_another_model_changes_nothing(lab, hosts):
    site = next(item for item in lab.records.items.values() if item.model.name == "Site")
    known = hosts.directory.devices
    hosts.hint(10**9)
    hosts.hint(site.id)
    hosts.follow()
    assert hosts.directory.devices == known


def test_a_hint_survives_an_outage(lab, hosts):
    item = lab.records.put("NetworkDevice", RT_TYO, {"management_ip": "127.0.1.88"})
    item.updated = LONG_AGO
    hosts.hint(item.id)
    lab.fault = Fault.ERROR_PAGE
    with pytest.raises(PagodaError):
        hosts.follow()
    lab.fault = Fault.NONE
    hosts.follow()
    assert hosts.find(["127.0.1.88"]).device.name == RT_TYO


def test_hints_without_end_are_bounded(hosts):
    for item_id in range(10_000):
        hosts.hint(item_id)
    assert len(hosts._hints) == 1000


def test_more_changes_than_it_reads_ask_for_the_whole_list(lab, client, monkeypatch):
    monkeypatch.setattr(follow, "MOST_PAGES", 1)
    follower = Follower(client, Reader(client))
    follower.mark()
    for n in range(31):
        lab.records.put("NetworkDevice", f"rt{n}.example.net", {"management_ip": f"127.0.9.{n}"})
    with pytest.raises(TooMuchChanged):
        follower.look()


def test_after_too_many_changes_a_mark_begins_anew(lab, client, monkeypatch):
    monkeypatch.setattr(follow, "MOST_PAGES", 1)
    follower = Follower(client, Reader(client))
    follower.mark()
    for n in range(31):
        lab.records.put("NetworkDevice", f"rt{n}.example.net", {"management_ip": f"127.0.9.{n}"})
    follower.mark()
    assert not follower.look()


def test_after_an_import_of_many_one_change_is_one_change(lab, client, monkeypatch):
    monkeypatch.setattr(follow, "MOST_PAGES", 3)
    at = datetime(2026, 11, 25, tzinfo=UTC)
    for n in range(200):
        lab.records.put("NetworkDevice", f"rt{n}.example.net", {"management_ip": f"127.0.9.{n}"}).updated = at
    follower = Follower(client, Reader(client))
    follower.mark()
    for n in range(3):
        changed = lab.records.put("NetworkDevice", f"rt{n}.example.net", {"management_ip": f"127.0.8.{n}"})
        changed.updated = at + timedelta(seconds=n + 1)
        assert [device.management_ip for device in follower.look().devices] == [f"127.0.8.{n}"]


def test_a_name_no_search_can_ask_for_asks_for_the_whole_list(lab, client):
    follower = Follower(client, Reader(client))
    follower.mark()
    lab.records.put("NetworkDevice", "rt|{{ 7*7 }}", {"management_ip": "127.0.1.66"})
    with pytest.raises(TooMuchChanged):
        follower.look()


def test_running_it_notices_a_change_between_two_whole_lists(lab, make_client):
    hosts = HostDirectory(make_client(lab.url), poll_s=0.05)
    hosts.start()
    try:
        assert hosts.wait_tried(5)
        lab.records.put("NetworkDevice", "new.example.net", {"management_ip": "127.0.1.77"})
        assert _within_s(5, lambda: hosts.directory.find(["127.0.1.77"], 0).status == "found")
    finally:
        hosts.stop()


def test_running_it_follows_a_hint_at_once(lab, make_client):
    hosts = HostDirectory(make_client(lab.url), poll_s=600)
    hosts.start()
    try:
        assert hosts.wait_tried(5)
        hosts.hint(lab.records.put("NetworkDevice", "new.example.net", {"management_ip": "127.0.1.77"}).id)
        assert _within_s(5, lambda: hosts.directory.find(["127.0.1.77"], 0).status == "found")
    finally:
        hosts.stop()


def _within_s(seconds, condition):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
