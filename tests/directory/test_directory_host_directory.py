"""HostDirectory over real HTTP: background loading, misses, outages."""

import threading
import time

import pytest
import structlog

from fannel.directory import snapshot
from fannel.directory.errors import EmptyList, PagodaAuthError, PagodaError
from fannel.directory.gate import BREAK_S
from fannel.directory.host_directory import HostDirectory
from fannel.directory.transport import Timeouts
from fannel.lab.pagoda import Fault

RT_TYO = "rt-tyo-01.example.net"


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def logged():
    configured = structlog.is_configured()
    with structlog.testing.capture_logs() as lines:
        yield lines
    if not configured:  # to have captured counts as having configured, and the next test may want to do that
        structlog.reset_defaults()


@pytest.fixture
def make_hosts(lab, make_client, clock, logged):
    made = []

    def make(**options):
        client = options.pop("client") if "client" in options else make_client(lab.url)
        made.append(HostDirectory(client, **{"clock": clock, "first_retry_s": 0.02, **options}))
        return made[-1]

    yield make
    for hosts in made:
        hosts.stop()


@pytest.fixture
def hosts(make_hosts):
    """Loaded, without a background thread."""
    hosts = make_hosts()
    hosts.refresh()
    return hosts


def eventually(condition, timeout_s=5.0):
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def searches(lab):
    return [call for call in lab.calls if call.path.endswith("/advanced_search/")]


def test_start_loads_in_the_background(make_hosts):
    hosts = make_hosts()
    hosts.start()
    assert hosts.wait_tried(5)
    lookup = hosts.find(["127.0.2.1"])
    assert (lookup.status, lookup.device.name, lookup.stale_s) == ("found", RT_TYO, 0)


def test_the_first_event_waits_for_the_first_load(lab, make_hosts):
    lab.fault, lab.delay_s = Fault.SLOW, 0.05
    hosts = make_hosts()
    hosts.start()
    assert hosts.find(["127.0.1.1"]).device.name == RT_TYO


def test_start_does_not_block_and_events_go_on_when_pagoda_is_silent(lab, make_hosts):
    lab.fault, lab.delay_s = Fault.SLOW, 60
    hosts = make_hosts(lookup_timeout_s=0.2)
    started = time.monotonic()
    hosts.start()
    assert hosts.find(["127.0.1.1"]).status == "unknown"
    assert time.monotonic() - started < 1.5


def test_pagoda_down_at_start_is_tried_again_until_it_is_there(lab, make_hosts, logged):
    lab.fault = Fault.ERROR_PAGE
    hosts = make_hosts()
    hosts.start()
    assert not hosts.wait_tried(5)
    assert isinstance(hosts.trouble, PagodaError)
    lab.fault = Fault.NONE
    eventually(lambda: hosts.trouble is None)
    assert hosts.find(["127.0.1.1"]).status == "found"
    assert [line["event"] for line in logged if line.get("what") == "devices"] == ["pagoda_trouble", "pagoda_loaded"]


def test_the_list_is_refreshed(lab, make_hosts):
    hosts = make_hosts(refresh_s=0.05)
    hosts.start()
    assert hosts.wait_tried(5)
    lab.records.put("NetworkDevice", "new.example.net", {"management_ip": "127.0.1.77"})
    eventually(lambda: len(hosts.directory) == 7)


def test_staleness_grows_while_pagoda_is_down(lab, hosts, clock):
    lab.fault = Fault.DROP
    clock.now += 3 * 86_400
    lookup = hosts.find(["127.0.1.1"])
    assert (lookup.status, lookup.stale_s) == ("found", 3 * 86_400)


@pytest.mark.parametrize("fault", [Fault.DROP, Fault.ERROR_PAGE, Fault.TRUNCATED, Fault.CUT, Fault.EMPTY])
def test_a_failed_refresh_keeps_the_good_list(lab, hosts, fault):
    lab.fault = fault
    with pytest.raises(PagodaError):
        hosts.refresh()
    assert len(hosts.directory) == 6
    assert hosts.find(["127.0.1.1"]).status == "found"


def test_an_empty_list_never_replaces_a_good_one(lab, hosts):
    lab.fault = Fault.EMPTY
    with pytest.raises(EmptyList, match="the 6 known ones are kept"):
        hosts.refresh()


def test_a_wrong_token_is_trouble_of_its_own_name(lab, make_hosts, make_client, logged):
    hosts = make_hosts(client=make_client(lab.url, "wrong-token-123"))
    hosts.start()
    assert not hosts.wait_tried(5)
    assert isinstance(hosts.trouble, PagodaAuthError)
    assert "wrong-token-123" not in str(logged)


def test_a_miss_asks_pagoda_and_the_next_event_does_not(lab, hosts):
    lab.records.put("NetworkDevice", "new.example.net", {"management_ip": "127.0.1.77", "status": "active"})
    lab.records.put("Interface", "p", {"device": "new.example.net", "if_name": "eth0", "if_index": 5})
    assert hosts.find(["127.0.1.77"]).device.name == "new.example.net"
    asked = len(searches(lab))
    lookup = hosts.find(["127.0.1.77"])
    assert hosts.interface(lookup.device, ifindex=5).name == "eth0"
    assert len(searches(lab)) == asked


def test_a_miss_that_two_devices_claim_is_ambiguous(lab, hosts):
    for name in ("a", "b"):
        lab.records.put("NetworkDevice", name, {"management_ip": f"192.0.2.{ord(name)}"})
        lab.records.put("NetworkDevice", name, {"snmp_source_addresses": ["127.0.1.77"]})
    lookup = hosts.find(["127.0.1.77"])
    assert (lookup.status, set(lookup.among)) == ("ambiguous", {"a", "b"})


def test_a_stranger_is_asked_about_once(lab, hosts):
    hosts.find(["192.0.2.9"])
    asked = len(searches(lab))
    for _ in range(10):
        assert hosts.find(["192.0.2.9"]).status == "unknown"
    assert len(searches(lab)) == asked


def test_a_name_that_is_unknown_is_not_asked_about(lab, hosts):
    asked = len(lab.calls)
    assert hosts.find(["nobody.example.net", "{{ 7 * 7 }}"]).status == "unknown"
    assert len(lab.calls) == asked


def test_a_slow_lookup_delays_one_event_and_only_for_its_time(lab, make_hosts, clock, logged):
    hosts = make_hosts(lookup_timeout_s=0.2)
    hosts.refresh()
    lab.fault, lab.delay_s = Fault.SLOW, 60
    started = time.monotonic()
    assert hosts.find(["192.0.2.9"]).status == "unknown"
    assert 0.15 < time.monotonic() - started < 1.5
    asked, started = len(lab.calls), time.monotonic()
    for n in range(100):
        assert hosts.find([f"192.0.2.{n}"]).status == "unknown"
    assert len(lab.calls) == asked
    assert time.monotonic() - started < 0.5
    lab.fault = Fault.NONE
    lab.records.put("NetworkDevice", "new.example.net", {"management_ip": "192.0.2.9"})
    clock.now += BREAK_S + 1
    eventually(lambda: hosts.find(["192.0.2.9"]).status == "found")


def test_while_loading_fails_no_event_asks(lab, make_hosts, clock):
    hosts = make_hosts()
    lab.fault = Fault.ERROR_PAGE
    hosts.start()
    hosts.wait_tried(5)
    hosts.stop()
    asked = len(lab.calls)
    for n in range(10):
        hosts.find([f"192.0.2.{n}"])
        clock.now += 60
    assert len(lab.calls) == asked


def test_interfaces_that_cannot_be_read_cost_only_the_interfaces(lab, make_hosts, make_client, logged):
    del lab.records.models["Interface"]
    hosts = make_hosts()
    hosts.start()
    assert hosts.wait_tried(5)
    assert hosts.trouble is None
    device = hosts.find(["127.0.1.1"]).device
    assert hosts.interface(device, ifindex=3) is None
    told = {(line["what"], line["event"]) for line in logged}
    assert ("interfaces", "pagoda_trouble") in told


def test_a_trouble_is_told_once_and_its_end_once(lab, make_hosts, make_client, logged):
    hosts = make_hosts(client=make_client(lab.url, timeouts=Timeouts(retry_s=0.1)), refresh_s=0.02)
    hosts.start()
    assert hosts.wait_tried(5)
    before = len(lab.calls)
    lab.fault = Fault.ERROR_PAGE
    eventually(lambda: hosts.trouble is not None)
    eventually(lambda: len(lab.calls) > before + 2)
    lab.fault = Fault.NONE
    eventually(lambda: hosts.trouble is None)
    events = [line["event"] for line in logged if line.get("what") == "devices"]
    assert events == ["pagoda_loaded", "pagoda_trouble", "pagoda_loaded"]


def test_a_bug_while_reading_is_trouble_like_any_other(lab, make_hosts, make_client, logged):
    client, failures = make_client(lab.url), [RuntimeError("a bug")]
    sound = client.model
    client.model = lambda name: (_ for _ in ()).throw(failures.pop()) if failures else sound(name)
    hosts = make_hosts(client=client)
    hosts.start()
    eventually(lambda: len(hosts.directory) == 6)
    assert "unforeseen while reading: RuntimeError('a bug')" in logged[0]["error"]


def test_many_threads_may_ask_at_once(hosts):
    seen = []

    def ask():
        seen.extend(hosts.find(["127.0.1.1"]).device.name for _ in range(50))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    hosts.refresh()
    for thread in threads:
        thread.join()
    assert seen == [RT_TYO] * 400


@pytest.fixture
def file(tmp_path):
    return tmp_path / "var" / "directory.json"


@pytest.fixture
def wall():
    clock = Clock()
    clock.now = 1_790_000_000.0
    return clock


@pytest.fixture
def kept(lab, make_hosts, file, wall):
    """The file of an earlier run, written a day ago."""
    make_hosts(cache_file=file, wall=wall).refresh()
    wall.now += 86_400
    return file


def test_a_start_without_pagoda_knows_what_was_kept_and_how_old_it_is(lab, make_hosts, kept, wall, logged):
    lab.fault = Fault.DROP
    hosts = make_hosts(cache_file=kept, wall=wall)
    hosts.start()
    lookup = hosts.find(["127.0.2.1"])
    assert (lookup.device.name, lookup.device.os, lookup.stale_s) == (RT_TYO, "ios", 86_400)
    eventually(lambda: hosts.interface(lookup.device, ifindex=3) is not None)
    assert hosts.interface(lookup.device, ifindex=3).name == "GigabitEthernet0/1"
    eventually(lambda: hosts.trouble is not None)
    assert hosts.find(["127.0.2.1"]).status == "found"
    lab.fault = Fault.NONE
    eventually(lambda: hosts.find(["127.0.2.1"]).stale_s == 0)


def test_what_was_kept_is_refreshed_from_pagoda_at_once(lab, make_hosts, kept, wall):
    lab.records.put("NetworkDevice", "new.example.net", {"management_ip": "127.0.1.77"})
    hosts = make_hosts(cache_file=kept, wall=wall)
    hosts.start()
    eventually(lambda: len(hosts.directory) == 7)
    assert hosts.directory.stale_s(1000.0) == 0


@pytest.mark.parametrize("text", ["", "{}\n", '{"schema": "fannel.directory/2"}\n', "\0\xff" * 1000, "[" * 100_000])
def test_a_file_that_cannot_be_used_is_told_once_and_replaced(lab, make_hosts, file, logged, text):
    file.parent.mkdir()
    file.write_text(text)
    hosts = make_hosts(cache_file=file, refresh_s=0.02)
    hosts.start()
    eventually(lambda: len(searches(lab)) > 4)
    assert hosts.find(["127.0.1.1"]).status == "found"
    assert [line["event"] for line in logged].count("directory_file_ignored") == 1
    assert len(snapshot.load(file, None).devices) == 6


def test_interfaces_that_are_damaged_do_not_cost_the_devices(lab, make_hosts, kept, logged):
    kept.write_text(kept.read_text()[:-20])
    lab.fault = Fault.DROP
    hosts = make_hosts(cache_file=kept)
    hosts.start()
    assert hosts.find(["127.0.1.1"]).status == "found"
    eventually(lambda: "directory_file_ignored" in [line["event"] for line in logged])
    assert hosts.find(["127.0.1.1"]).status == "found"


def test_the_list_of_another_pagoda_is_not_believed(lab, make_hosts, make_client, kept, wall, logged):
    hosts = make_hosts(client=make_client("http://127.0.0.1:9"), cache_file=kept, wall=wall)
    hosts.start()
    assert not hosts.wait_tried(5)
    assert hosts.find(["127.0.1.1"]).status == "unknown"
    assert [line["reason"] for line in logged if "reason" in line] == ["it is of another pagoda"]


def test_a_good_file_is_never_replaced_by_an_empty_list(lab, make_hosts, kept, wall, logged):
    before = kept.read_bytes()
    lab.fault = Fault.EMPTY
    hosts = make_hosts(cache_file=kept, wall=wall)
    hosts.start()
    eventually(lambda: isinstance(hosts.trouble, EmptyList))
    with pytest.raises(EmptyList):
        make_hosts(cache_file=kept, wall=wall).refresh()
    assert kept.read_bytes() == before
    assert hosts.find(["127.0.1.1"]).status == "found"


def test_a_file_that_cannot_be_written_is_told_once_and_costs_nothing_else(lab, make_hosts, tmp_path, logged):
    (tmp_path / "var").write_text("a file where a folder should be")
    hosts = make_hosts(cache_file=tmp_path / "var" / "directory.json", refresh_s=0.02)
    hosts.start()
    eventually(lambda: len(searches(lab)) > 6)
    assert (hosts.trouble, len(hosts.directory)) == (None, 6)
    assert [line["event"] for line in logged].count("directory_not_kept") == 1


def test_without_a_pagoda_everybody_is_unknown_at_once(make_hosts):
    hosts = make_hosts(client=None)
    hosts.start()
    started = time.monotonic()
    assert hosts.find(["127.0.1.1"]).status == "unknown"
    assert not hosts.wait_tried(5)
    assert time.monotonic() - started < 1
    eventually(lambda: not [t for t in threading.enumerate() if t is hosts._thread])
    with pytest.raises(PagodaError, match="no pagoda is configured"):
        hosts.refresh()


def test_without_a_pagoda_what_was_kept_is_known(make_hosts, kept, wall):
    hosts = make_hosts(client=None, cache_file=kept, wall=wall)
    hosts.start()
    lookup = hosts.find(["127.0.1.1"])
    assert (lookup.device.name, lookup.stale_s) == (RT_TYO, 86_400)
