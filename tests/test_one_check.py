"""A check by hand: what is wrong is said before a login, and nobody is logged in to the device at the same time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from fannel import config
from fannel.checks.errors import DeviceError
from fannel.checks.find import Checks
from fannel.checks.redact import hidden
from fannel.collection import root
from fannel.incidents.lease import login
from fannel.incidents.store import StoreError
from fannel.login import Turns
from fannel.one_check import Asked, CannotCheckError, known_problem, plain, prepare, run

SHIPPED = Checks((root() / "checks",))
HOST = "rt1.example.net"
PASSWORD = "S3cr3t-Zx81"
CHECK = """
commands:
  interface:
    run: show interfaces {interface}
    parse: {regex: "is (?P<state>up|down)"}
verdict:
  - {when: interface.state == 'down', outcome: confirmed, reason: "{interface} is down"}
  - {outcome: cleared, reason: "{interface} is up"}
"""


@pytest.fixture
def prepared(tmp_path):
    file = tmp_path / "checks" / "interface_down" / "ios.yml"
    file.parent.mkdir(parents=True)
    file.write_text(CHECK)
    return prepare(Checks((tmp_path / "checks",)), Asked(HOST, "interface_down", "Gi0/1"), "ios")


def turns(store, wait_s=0.2):
    return Turns(store.leases, config.Leases(wait_s=wait_s), UTC)


class Device:
    """Says what it is told to, and knows who held the device's lease while it was asked."""

    lost = False

    def __init__(self, store=None, answer="is down"):
        self._store, self._answer = store, answer
        self.asked, self.holders, self.hung_up = [], [], False

    def ask(self, command):
        self.asked.append(command)
        if self._store is not None:
            self.holders.append(self._store.leases.holder(login(HOST), datetime.now(UTC)))
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer

    def hidden(self, verdict):
        return hidden(verdict, [PASSWORD])

    def hang_up(self):
        self.hung_up = True


# --- before anything is asked -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "os_name", "says"),
    [
        (Asked(HOST, "interface_dwn", "Gi0/1"), "ios", "did you mean 'interface_down'?"),
        (Asked(HOST, "bfd_session_down", "Gi0/1"), None, f"no operating system for {HOST}"),
        (Asked(HOST, "interface_down", "Gi0/1; reload"), "ios", "--subject 'Gi0/1; reload': this check is about one"),
        (Asked(HOST, "interface_down"), "ios", "--subject is missing: this check is about one interface"),
        (Asked(HOST, "bgp_neighbor_down", "nobody"), "ios", "this check is about one bgp_neighbor: the peer"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(asked, os_name, says):
    with pytest.raises(CannotCheckError) as wrong:
        prepare(SHIPPED, asked, os_name)
    assert says in str(wrong.value)
    assert "\n" not in str(wrong.value)


def test_where_this_problem_is_not_looked_at_the_cells_that_are_there_are_named():
    with pytest.raises(CannotCheckError) as wrong:
        prepare(SHIPPED, Asked(HOST, "interface_down", "Gi0/1"), "acmeos")
    said = str(wrong.value)
    assert "no check for interface_down on acmeos" in said
    assert all(system in said for system in ("ios", "iosxr", "nxos", "eos", "junos", "frr"))
    assert "on acmeos there is no check at all" in said


def test_where_there_is_nothing_to_look_at_it_says_why(tmp_path):
    (tmp_path / "not_applicable.yml").write_text("interface_down: {acmeos: it has no interfaces}\n")
    with pytest.raises(CannotCheckError, match=r"\(it has no interfaces\)"):
        prepare(Checks((tmp_path, *SHIPPED.folders)), Asked(HOST, "interface_down", "Gi0/1"), "acmeos")


def test_a_broken_check_of_the_site_is_named_with_its_line(tmp_path):
    file = tmp_path / "interface_down" / "ios.yml"
    file.parent.mkdir()
    file.write_text("comands: {}\n")
    with pytest.raises(CannotCheckError, match=r"ios\.yml:1: comands: no such key"):
        prepare(Checks((tmp_path,)), Asked(HOST, "interface_down", "Gi0/1"), "ios")


@pytest.mark.parametrize("subject", ["{{ lookup('pipe', 'id') }}", "{% raw %}", "{# x"])
def test_what_ansible_would_take_for_a_template_is_refused(subject):
    with pytest.raises(CannotCheckError, match="no device has that"):
        plain(Asked(HOST, "interface_down", subject))
    assert plain(Asked(HOST, "interface_down", "Gi0/1")).subject == "Gi0/1"


def test_a_problem_somebody_looks_at_is_known():
    known_problem(SHIPPED, "interface_down")
    with pytest.raises(CannotCheckError):
        known_problem(SHIPPED, "door_open")


# --- on the device ------------------------------------------------------------------------------------------------


def test_it_judges_and_says_what_it_ran(prepared, store):
    device = Device()
    verdict = run(prepared, turns(store), lambda: device)
    assert (verdict.outcome, verdict.reason) == ("confirmed", "GigabitEthernet0/1 is down")
    said = prepared.to_json(verdict)
    assert said["subject"] == {"type": "interface", "name": "GigabitEthernet0/1"}
    assert [output["command"] for output in said["outputs"]] == ["show interfaces GigabitEthernet0/1"]
    assert device.hung_up


def test_while_it_is_logged_in_it_has_the_lease_of_the_device_and_afterwards_not(prepared, store):
    device = Device(store)
    run(prepared, turns(store), lambda: device)
    assert [holder.owner.startswith("a check on ") for holder in device.holders] == [True]
    assert store.leases.holder(login(HOST), datetime.now(UTC)) is None


def test_while_another_run_is_logged_in_nobody_logs_in(prepared, store):
    store.leases.acquire(login(HOST), "incident A-000001 on noc-02, process 4711", 600, datetime.now(UTC))
    device = Device()
    verdict = run(prepared, turns(store), lambda: device)
    assert device.asked == []
    assert verdict.outcome == "inconclusive"
    assert "incident A-000001 on noc-02" in verdict.reason


def test_it_logs_in_when_the_other_run_has_ended(prepared, store):
    taken = store.leases.acquire(login(HOST), "another", 600, datetime.now(UTC))
    device = Device()
    waits = []

    def sleep(seconds):
        waits.append(seconds)
        store.leases.release(taken)

    of_time = Turns(store.leases, config.Leases(wait_s=600), UTC, sleep=sleep)
    assert run(prepared, of_time, lambda: device).outcome == "confirmed"
    assert len(waits) == 1


def test_without_a_database_nobody_logs_in(prepared, store):
    class Away:
        def acquire(self, *_):
            raise StoreError("the database is away")

    device = Device()
    verdict = run(prepared, Turns(Away(), config.Leases(wait_s=1), UTC), lambda: device)
    assert (verdict.outcome, device.asked) == ("inconclusive", [])
    assert "the database is away" in verdict.reason


def test_a_refused_login_is_a_verdict_and_shows_no_password(prepared, store):
    device = Device(answer=DeviceError(f"Failed to authenticate with {PASSWORD}", lost=True))
    verdict = run(prepared, turns(store), lambda: device)
    assert (verdict.outcome, verdict.reason) == ("inconclusive", "Failed to authenticate with [redacted]")
    assert PASSWORD not in str(prepared.to_json(verdict))
    assert device.hung_up
    assert store.leases.acquire(login(HOST), "next", 10, datetime.now(UTC) + timedelta(seconds=1)) is not None
