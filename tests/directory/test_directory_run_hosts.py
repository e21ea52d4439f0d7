"""Where a playbook run's devices come from, whatever pagoda does."""

import socket
import time

import pytest

from fannel.directory import snapshot
from fannel.directory.errors import NoFallback, PagodaAuthError, PagodaError, PagodaUnreachable, Unsearchable
from fannel.directory.mapping import DeviceMapping
from fannel.directory.reader import Reader
from fannel.directory.run_hosts import Fallback, Wanted, run_hosts
from fannel.directory.snapshot import Origin, Snapshot
from fannel.directory.transport import Timeouts
from fannel.lab.pagoda import LAB_TOKEN, Fault

RT_TYO, RT_OSA = "rt-tyo-01.example.net", "rt-osa-01.example.net"
READ_AT = 1_790_000_000.0
PATIENT = Timeouts(connect_s=10, lookup_s=10, page_s=10, retry_s=10)


@pytest.fixture
def fallback(lab, client, tmp_path):
    """What FANNEL kept of this pagoda, and a second's patience."""
    origin = Origin.of(lab.url, DeviceMapping())
    path = tmp_path / "directory.json"
    snapshot.save(path, Snapshot(READ_AT, Reader(client).devices(), {}), origin)
    return Fallback(path, origin, after_s=1)


@pytest.fixture
def ask(lab, make_client, fallback):
    def ask_(*names, statuses=None, url=lab.url, token=LAB_TOKEN, mapping=None, fallback=fallback, now=READ_AT):
        return run_hosts(
            lambda timeouts: make_client(url, token, timeouts=timeouts),
            mapping or DeviceMapping(),
            Wanted(frozenset(names) or None, statuses),
            fallback,
            timeouts=PATIENT,
            now=now,
        )

    return ask_


@pytest.fixture
def nowhere():
    """A pagoda that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def names(found):
    return {device.name for device in found.devices}


def test_while_pagoda_answers_the_file_is_not_looked_at(lab, ask):
    lab.records.put("NetworkDevice", "new.example.net", {"management_ip": "127.0.1.77"})
    found = ask("new.example.net")
    assert (names(found), found.warning) == ({"new.example.net"}, None)


BROKEN = [Fault.DROP, Fault.ERROR_PAGE, Fault.BAD_GATEWAY, Fault.TRUNCATED, Fault.CUT, Fault.EMPTY, Fault.REDIRECT]


@pytest.mark.parametrize("fault", BROKEN)
@pytest.mark.parametrize("wanted", [[], [RT_TYO]], ids=["all", "one"])
def test_when_pagoda_is_broken_the_file_answers_as_pagoda_did(lab, ask, fault, wanted):
    sound = ask(*wanted)
    lab.fault = fault
    found = ask(*wanted, now=READ_AT + 3 * 3600)
    assert found.devices == sound.devices
    assert "Using the list of 3 hours ago from " in found.warning


def test_a_silent_pagoda_costs_a_run_of_few_hosts_no_more_than_it_is_given(ask, fallback, nowhere):
    origin = Origin.of(nowhere, DeviceMapping())
    snapshot.save(fallback.path, snapshot.load(fallback.path, None), origin)
    started = time.monotonic()
    found = ask(RT_TYO, url=nowhere, fallback=Fallback(fallback.path, origin, after_s=0.5))
    assert names(found) == {RT_TYO}
    assert time.monotonic() - started < 2


def test_a_pagoda_that_answers_bit_by_bit_costs_no_more_either(lab, ask):
    lab.fault, lab.delay_s = Fault.SLOW, 0.4
    started = time.monotonic()
    assert "took more than" in ask(RT_TYO).warning
    assert time.monotonic() - started < 2


@pytest.mark.parametrize(
    ("trouble", "words"),
    [({"token": "wrong-token-123"}, "Invalid token"), ({"token": ""}, "token is empty")],
)
def test_a_refused_token_is_named_and_the_run_goes_on(ask, trouble, words):
    found = ask(RT_TYO, **trouble)
    assert names(found) == {RT_TYO}
    assert words in found.warning
    assert "wrong-token-123" not in found.warning


def test_a_model_that_went_away_is_named_and_the_run_goes_on(lab, ask):
    del lab.records.models["NetworkDevice"]
    assert 'no model "NetworkDevice"' in ask(RT_TYO).warning


def test_a_mapping_that_the_file_was_not_read_through_is_an_error(ask, fallback):
    wrong = DeviceMapping(role="function")
    other = Fallback(fallback.path, Origin(fallback.origin.pagoda, wrong), after_s=1)
    with pytest.raises(NoFallback, match=r'no attribute "function".*cannot stand in for it.*another mapping'):
        ask(RT_TYO, mapping=wrong, fallback=other)


def test_what_pagoda_cannot_be_asked_is_an_error_of_whoever_asks(ask):
    with pytest.raises(Unsearchable):
        ask(statuses=("a|b",))


def test_without_a_file_the_trouble_is_pagodas(lab, ask, tmp_path):
    with pytest.raises(PagodaAuthError):
        ask(RT_TYO, token="wrong", fallback=None)
    with pytest.raises(PagodaUnreachable):
        ask(RT_TYO, url="http://127.0.0.1:9", fallback=Fallback(tmp_path / "none.json", None, after_s=1))


def test_a_file_that_cannot_be_used_is_named_beside_the_trouble(lab, ask, fallback):
    fallback.path.write_text("{}\n")
    lab.fault = Fault.ERROR_PAGE
    with pytest.raises(PagodaError, match=r"answered 500.*cannot stand in for it: it is not fannel.directory/1"):
        ask(RT_TYO)


def test_an_empty_pagoda_without_a_file_has_no_hosts(lab, ask, fallback):
    fallback.path.write_text("{}\n")
    lab.fault = Fault.EMPTY
    assert ask(RT_TYO).devices == []


def test_statuses_choose_from_the_file_as_from_pagoda(lab, client, ask, fallback):
    lab.records.put("NetworkDevice", RT_OSA, {"status": "planned"})
    snapshot.save(fallback.path, Snapshot(READ_AT, Reader(client).devices(), {}), fallback.origin)
    sound = ask(statuses=("Active",))
    lab.fault = Fault.DROP
    found = ask(statuses=("Active",))
    assert found.devices == sound.devices
    assert RT_OSA not in names(found)


def test_a_name_that_no_device_has_brings_the_whole_file(lab, ask):
    lab.fault = Fault.DROP
    assert len(ask(RT_TYO, "site_Osaka_DC1").devices) == 6


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 seconds"), (119, "119 seconds"), (7199, "120 minutes"), (86_400, "24 hours"), (3 * 86_400, "3 days")],
)
def test_the_age_is_readable(lab, ask, seconds, words):
    lab.fault = Fault.DROP
    assert f"the list of {words} ago" in ask(now=READ_AT + seconds).warning
