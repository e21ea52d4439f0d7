"""A pagoda that goes wrong while FANNEL runs: what is known stays, no event waits, the operator is told once."""

import time

import pytest
import structlog

from fannel.directory.errors import (
    AttributeUnreadable,
    EmptyList,
    PagodaFailed,
    PagodaUnreachable,
    PermissionDenied,
    ShrunkList,
    TokenExpired,
    UnexpectedAnswer,
)
from fannel.directory.host_directory import HostDirectory
from fannel.lab.pagoda import LAB_TOKEN, Account, Fault

RT_TYO = "rt-tyo-01.example.net"
DAYS_S = 4 * 86_400
EVERYBODY = frozenset({("NetworkDevice", "management_ip")})


class Clock:
    def __init__(self):
        self.ahead = 0.0

    def __call__(self):
        return time.monotonic() + self.ahead


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def logged():
    configured = structlog.is_configured()
    with structlog.testing.capture_logs() as lines:
        yield lines
    if not configured:
        structlog.reset_defaults()


@pytest.fixture
def hosts(lab, make_client, clock, logged):
    """Loaded and running: fifty looks at what changed a second, and every sixth or so a whole list."""
    made = HostDirectory(
        make_client(lab.url), clock=clock, poll_s=0.02, refresh_s=0.15, first_retry_s=0.02, lookup_timeout_s=0.5
    )
    made.start()
    assert made.wait_tried(10)
    yield made
    made.stop()


def eventually(condition, timeout_s=10.0):
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def told(logged, what="devices"):
    return [line for line in logged if line["event"] == "pagoda_trouble" and line["what"] == what]


TROUBLES = {
    "down": (Fault.DROP, None, PagodaUnreachable),
    "behind a gateway": (Fault.BAD_GATEWAY, None, PagodaUnreachable),
    "500": (Fault.ERROR_PAGE, None, PagodaFailed),
    "half the JSON": (Fault.TRUNCATED, None, UnexpectedAnswer),
    "half a page": (Fault.CUT, None, PagodaUnreachable),
    "elsewhere": (Fault.REDIRECT, None, UnexpectedAnswer),
    "an empty list": (Fault.EMPTY, None, EmptyList),
    "token expired": (Fault.NONE, Account(expired=True), TokenExpired),
    "model hidden": (Fault.NONE, Account(hidden_models=frozenset({"NetworkDevice"})), PermissionDenied),
    "addresses hidden": (Fault.NONE, Account(hidden_attributes=EVERYBODY), AttributeUnreadable),
}


@pytest.mark.parametrize("case", TROUBLES)
def test_what_is_known_stays_and_the_operator_is_told_once_of_the_trouble_and_of_its_end(
    lab, hosts, logged, clock, case
):
    fault, account, error = TROUBLES[case]
    lab.fault, lab.accounts[LAB_TOKEN] = fault, account or Account()
    eventually(lambda: hosts.trouble is not None)
    seen = len(lab.calls)
    eventually(lambda: len(lab.calls) > seen + 2)  # it goes on trying

    assert isinstance(hosts.trouble, error)
    clock.ahead = DAYS_S
    began = time.monotonic()
    lookup = hosts.find(["127.0.1.1"])
    assert hosts.find(["203.0.113.9"]).status == "unknown"
    assert time.monotonic() - began < 0.25, "nobody waits for a pagoda in trouble"
    assert (lookup.status, lookup.device.name) == ("found", RT_TYO)
    assert lookup.stale_s >= DAYS_S - 60
    assert [line["type"] for line in told(logged)] == [error.__name__]

    loaded = [line for line in logged if line["event"] == "pagoda_loaded" and line["what"] == "devices"]
    lab.fault, lab.accounts[LAB_TOKEN] = Fault.NONE, Account()
    eventually(lambda: hosts.trouble is None)
    eventually(lambda: hosts.find(["127.0.1.1"]).stale_s < 60)
    ends = [line for line in logged if line["event"] == "pagoda_loaded" and line["what"] == "devices"]
    assert len(ends) == len(loaded) + 1
    assert len(told(logged)) == 1


def test_a_pagoda_that_takes_thirty_seconds_holds_no_event_up(lab, hosts):
    lab.fault, lab.delay_s = Fault.SLOW, 30
    time.sleep(0.1)
    began = time.monotonic()
    assert hosts.find(["127.0.1.1"]).status == "found"
    assert time.monotonic() - began < 0.25
    assert hosts.find(["203.0.113.9"]).status == "unknown"
    assert time.monotonic() - began < 2, "a stranger costs the limit for one question"


def test_a_device_that_is_deleted_is_gone_and_one_that_is_renamed_has_its_new_name(lab, hosts):
    lab.records.rename("NetworkDevice", RT_TYO, "new-name.example.net")
    lab.records.delete("NetworkDevice", "rt-osa-01.example.net")
    eventually(lambda: hosts.known(["127.0.1.1"]).device.name == "new-name.example.net")
    eventually(lambda: hosts.known(["rt-osa-01.example.net"]).status == "unknown")
    assert hosts.known([RT_TYO]).status == "unknown"


def test_an_address_that_a_second_device_claims_is_nobodys_until_one_gives_it_up(lab, hosts, logged):
    lab.records.put("NetworkDevice", "twin.example.net", {"management_ip": "127.0.1.1", "status": "active"})
    eventually(lambda: hosts.known(["127.0.1.1"]).status == "ambiguous")
    assert set(hosts.known(["127.0.1.1"]).among) == {RT_TYO, "twin.example.net"}
    lab.records.put("NetworkDevice", "twin.example.net", {"management_ip": "127.0.1.98"})
    eventually(lambda: hosts.known(["127.0.1.1"]).status == "found")
    assert hosts.known(["127.0.1.1"]).device.name == RT_TYO


def test_an_account_that_sees_fewer_devices_than_before_is_asked_about(lab, hosts, logged):
    for n in range(30):
        lab.records.put("NetworkDevice", f"many-{n:02}", {"management_ip": f"127.0.4.{n}", "status": "active"})
    eventually(lambda: len(hosts.directory) == 36)
    for item in list(lab.records.each(lab.records.models["NetworkDevice"])):
        item.active = not item.name.startswith("many-")  # out of sight without a change that could be followed
    eventually(lambda: isinstance(hosts.trouble, ShrunkList))
    assert hosts.known(["127.0.4.7"]).status == "found"


@pytest.mark.parametrize("case", TROUBLES)
def test_in_trouble_from_the_start_it_says_which_and_comes_up_by_itself(lab, make_client, logged, case):
    fault, account, error = TROUBLES[case]
    lab.fault, lab.accounts[LAB_TOKEN] = fault, account or Account()
    hosts = HostDirectory(make_client(lab.url), first_retry_s=0.02, lookup_timeout_s=0.2)
    hosts.start()
    try:
        eventually(lambda: hosts.trouble is not None)
        assert hosts.find(["127.0.1.1"]).status == "unknown"
        assert [line["type"] for line in told(logged)] == [error.__name__]
        lab.fault, lab.accounts[LAB_TOKEN] = Fault.NONE, Account()
        eventually(lambda: hosts.known(["127.0.1.1"]).status == "found")
        assert len(told(logged)) == 1
    finally:
        hosts.stop()
