"""The check port, by connecting to it: open while ready, closed while not."""

import socket
import time

import pytest

from fannel.config.address import Address
from fannel.intake.counters import Counters
from fannel.intake.listen import ListenError
from fannel.ops.check_port import CheckPort


class Checked:
    def __init__(self):
        self.is_ready = False
        self.judge = lambda: self.is_ready
        self.counters = Counters()
        self.port = CheckPort(Address("127.0.0.1", 0), self.ready, self.counters, every_s=0.05)

    def ready(self):
        return self.judge()

    def connects(self):
        try:
            socket.create_connection(("127.0.0.1", self.port.port), timeout=2).close()
        except ConnectionRefusedError:
            return False
        return True

    def becomes(self, wanted, within_s=5):
        until = time.monotonic() + within_s
        while time.monotonic() < until:
            if self.connects() is wanted:
                return True
            time.sleep(0.02)
        return False


@pytest.fixture
def checked():
    found = Checked()
    found.port.bind()
    yield found
    found.port.close()


def test_when_it_was_never_ready_it_is_closed(checked):
    checked.port.start()
    time.sleep(0.2)
    assert not checked.connects()


def test_it_follows_readiness_in_both_directions_and_again(checked):
    checked.port.start()
    for wanted in (True, False, True, False):
        checked.is_ready = wanted
        assert checked.becomes(wanted), wanted


def test_who_connects_is_hung_up_on_at_once(checked):
    checked.is_ready = True
    checked.port.start()
    assert checked.becomes(True)
    with socket.create_connection(("127.0.0.1", checked.port.port), timeout=2) as peer:
        assert peer.recv(10) == b""


def test_when_readiness_cannot_be_told_it_closes(checked):
    checked.is_ready = True
    checked.port.start()
    assert checked.becomes(True)
    assert not checked.counters.get("defects", "readiness")
    checked.judge = lambda: 1 / 0
    assert checked.becomes(False)
    assert checked.counters.get("defects", "readiness")


def test_when_many_connect_it_still_closes_in_time(checked):
    checked.is_ready = True
    checked.port.start()
    assert checked.becomes(True)
    checked.is_ready = False
    until = time.monotonic() + 5
    while checked.connects() and time.monotonic() < until:
        pass
    assert not checked.connects()


def test_while_closed_no_other_process_takes_the_port(checked):
    checked.port.start()
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", checked.port.port))


def test_when_another_has_it_the_error_names_the_setting():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = CheckPort(Address("127.0.0.1", other.getsockname()[1]), lambda: True, Counters())
        with pytest.raises(ListenError, match=r"health\.check"):
            port.bind()
