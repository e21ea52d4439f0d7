"""What `fannel receive` says of itself while it runs: ready when the path is whole, and sums that add up."""

from __future__ import annotations

import http.client
import resource
import signal
import threading
from contextlib import contextmanager

from pages import ask, connects, counts, free_tcp_port, is_ready
from receiving import Sender, inform, start_process, trap, until

from fannel.intake.receiver.ledger import missing
from fannel.lab.stage import free_udp_port


class Receiver:
    def __init__(self, directory, **environ):
        self.trap_port, self.http, self.check = free_udp_port(), free_tcp_port(), free_tcp_port()
        options = ("--http", f"127.0.0.1:{self.http}", "--check", f"127.0.0.1:{self.check}")
        environ = {"FANNEL_HEALTH__CANARY_EVERY_S": "0.5", **environ}
        self.process = start_process(directory, self.trap_port, *options, environ=environ)

    def sender(self):
        return Sender("127.0.0.1", self.trap_port)

    def readiness(self):
        """The first line of /readyz."""
        return ask(self.http, "/readyz")[1].partition("\n")[0]


@contextmanager
def running(directory, **environ):
    receiver = Receiver(directory, **environ)
    try:
        until(lambda: is_ready(receiver.http))
        yield receiver
    finally:
        receiver.process.kill()
        receiver.process.wait()


class TestReadiness:
    def test_when_it_is_ready_a_canary_came_through_the_socket_and_the_spool(self, tmp_path):
        with running(tmp_path) as receiver:
            assert counts(receiver.http)["canaries", ""] >= 1
            assert "ok    canary: the last one reached the spool" in ask(receiver.http, "/readyz")[1]
            until(lambda: connects(receiver.check))

    def test_when_the_spool_cannot_be_written_it_names_it_closes_its_check_port_and_recovers(self, tmp_path):
        with running(tmp_path) as receiver:
            until(lambda: connects(receiver.check))
            with no_room(receiver.process.pid):
                receiver.sender().send(*(trap(n) for n in range(500)))
                until(lambda: receiver.readiness().startswith("unready: spool: "))
                assert ask(receiver.http, "/livez")[0] == 200
                until(lambda: not connects(receiver.check))
            until(lambda: is_ready(receiver.http))
            until(lambda: connects(receiver.check))

    def test_when_it_is_stopped_from_outside_nobody_is_told_that_it_is_well(self, tmp_path):
        with running(tmp_path) as receiver:
            receiver.process.send_signal(signal.SIGSTOP)
            try:
                assert not_answered(receiver.http)
            finally:
                receiver.process.send_signal(signal.SIGCONT)
            until(lambda: is_ready(receiver.http))


class TestCounts:
    def test_under_load_every_scrape_adds_up_exactly(self, tmp_path):
        with running(tmp_path) as receiver:
            sent = 30_000
            load = threading.Thread(target=send, args=[receiver.sender(), sent])
            load.start()
            scrapes = 0
            while load.is_alive():
                assert missing(counts(receiver.http)) == 0
                scrapes += 1
            load.join()
            until(lambda: counts(receiver.http)["received", ""] >= sent)
            found = counts(receiver.http)
        assert scrapes > 3
        # The canaries are datagrams, too.
        assert found["received", ""] - sent <= found["canaries", ""] + 1
        assert missing(found) == 0

    def test_what_the_kernel_dropped_is_lost_and_said(self, tmp_path):
        with running(tmp_path, FANNEL_RECEIVER__SO_RCVBUF="4096") as receiver:
            receiver.process.send_signal(signal.SIGSTOP)
            sender = receiver.sender()
            sender.send(*(trap(n) for n in range(1000)))
            receiver.process.send_signal(signal.SIGCONT)
            until(lambda: counts(receiver.http)["lost", "kernel"] > 0)
            until(lambda: counts(receiver.http)["received", ""] >= 1000)
            found = counts(receiver.http)
        assert found["lost", "kernel"] > 500
        assert missing(found) == 0

    def test_an_inform_is_counted_where_it_was_answered(self, tmp_path):
        with running(tmp_path) as receiver:
            sender = receiver.sender()
            sender.send(inform())
            assert sender.answer()
            until(lambda: counts(receiver.http)["informs_acknowledged", ""] == 1)


@contextmanager
def no_room(pid):
    """No file of that process may grow, as on a full disk."""
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


def send(sender, count):
    for n in range(count):
        sender.send(inform(n) if n % 500 == 0 else trap(n))


def not_answered(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/readyz")
        connection.getresponse()
    except TimeoutError:
        return True
    finally:
        connection.close()
    return False
