"""What the observer says of itself, and how it and the receiver add up: both real processes, the test is the rules."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager

import pytest
from databases import own_postgresql
from observing import adds_up
from pages import ask, counts, free_tcp_port, is_ready
from receiving import Sender, start_process, trap, until

from fannel.intake.receiver.ledger import OUT_OF_THE_SPOOL, missing
from fannel.lab.stage import free_udp_port

pytestmark = pytest.mark.timeout(240)


class Pair:
    """A receiver, an observer, and a rule engine that takes every event as long as `takes` is set."""

    def __init__(self, directory, canary_every_s=1, database=None):
        self.trap_port, self.receiver_http, self.observer_http = free_udp_port(), free_tcp_port(), free_tcp_port()
        environ = {
            "FANNEL_HEALTH__CANARY_EVERY_S": str(canary_every_s),
            "FANNEL_HEALTH__SOURCE": f"127.0.0.1:{self.observer_http}",
            "FANNEL_SPOOL__DIRECTORY": str(directory / "spool"),
            "FANNEL_DATABASE__URL": database or f"sqlite:///{directory}/fannel.sqlite3",
        }
        options = ("--http", f"127.0.0.1:{self.receiver_http}")
        self.receiver = start_process(directory, self.trap_port, *options, environ=environ)
        env = {name: value for name, value in os.environ.items() if not name.startswith("FANNEL_")} | environ
        with (directory / "observer.log").open("ab") as log:
            self.observer = subprocess.Popen(
                [sys.executable, "-m", "fannel", "observe"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=directory,
                env=env,
            )
        self.takes = threading.Event()
        self.takes.set()
        threading.Thread(target=self._rules, daemon=True).start()

    def _rules(self):
        for line in self.observer.stdout:
            if event_id := json.loads(line).get("id"):
                self.takes.wait()
                try:
                    self.observer.stdin.write(event_id.encode() + b"\n")
                    self.observer.stdin.flush()
                except (OSError, ValueError):
                    return

    def wrong(self):
        """The first line of the observer's readiness."""
        return ask(self.observer_http, "/readyz")[1].partition("\n")[0]

    def end(self):
        for process in (self.receiver, self.observer):
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait()


@contextmanager
def started(directory, **options):
    pair = Pair(directory, **options)
    try:
        yield pair
    finally:
        pair.takes.set()
        pair.end()


@contextmanager
def running(directory, **options):
    with started(directory, **options) as pair:
        until(lambda: is_ready(pair.receiver_http) and is_ready(pair.observer_http), 90)
        yield pair


def test_when_it_is_ready_a_canary_came_through_the_rules(tmp_path):
    with running(tmp_path) as pair:
        assert counts(pair.observer_http)["canaries", ""] >= 1
        assert "ok    canary: seen" in ask(pair.observer_http, "/readyz")[1]
        assert ask(pair.observer_http, "/livez")[0] == 200


def test_when_the_rules_take_nothing_the_observers_page_names_the_canary_and_the_receiver_stays_ready(tmp_path):
    with running(tmp_path) as pair:
        pair.takes.clear()
        until(lambda: "canary: no canary reached the rule engine" in pair.wrong())
        assert is_ready(pair.receiver_http)
        assert ask(pair.observer_http, "/livez")[0] == 200, "to restart it would not help"
        pair.takes.set()
        until(lambda: is_ready(pair.observer_http))


def test_when_the_receiver_is_gone_the_observers_page_names_it(tmp_path):
    with running(tmp_path) as pair:
        pair.receiver.kill()
        until(lambda: "receiver: no canary came through the spool" in pair.wrong())


def test_started_while_the_database_is_down_it_says_so_and_goes_on_by_itself_when_it_is_there(tmp_path):
    with own_postgresql() as postgresql:
        postgresql.stop()
        with started(tmp_path, database=postgresql.url) as pair:
            until(lambda: has_page(pair.observer_http) and "store: database postgresql" in pair.wrong(), 90)
            assert ask(pair.observer_http, "/livez")[0] == 200, "to restart it would not help"
            until(lambda: is_ready(pair.receiver_http), 90)
            Sender("127.0.0.1", pair.trap_port).send(trap(1))
            postgresql.start()
            until(lambda: is_ready(pair.observer_http), 90)
            until(lambda: counts(pair.observer_http)["handled", ""] >= 1, 90)


def has_page(port):
    try:
        ask(port, "/livez")
    except OSError:
        return False
    return True


def test_when_the_observer_stands_still_the_receiver_stays_ready_and_keeps_what_comes(tmp_path):
    with running(tmp_path) as pair:
        pair.observer.send_signal(signal.SIGSTOP)
        before = counts(pair.receiver_http)["spooled", ""]
        Sender("127.0.0.1", pair.trap_port).send(*(trap(n) for n in range(100)))
        until(lambda: counts(pair.receiver_http)["spooled", ""] >= before + 100)
        assert is_ready(pair.receiver_http)
        until(lambda: counts(pair.receiver_http)["spool_depth", ""] >= 100)
        pair.observer.send_signal(signal.SIGCONT)
        until(lambda: is_ready(pair.observer_http))
        until(lambda: counts(pair.observer_http)["spool_depth", ""] < 10)


def test_under_load_every_scrape_adds_up_and_in_the_end_all_of_it_does(tmp_path):
    with running(tmp_path, canary_every_s=600) as pair:
        load = threading.Thread(target=send, args=[Sender("127.0.0.1", pair.trap_port), 3000])
        load.start()
        while load.is_alive():
            assert missing(counts(pair.receiver_http)) == 0
            assert adds_up(of_datagrams(counts(pair.observer_http)))
        until(lambda: counts(pair.observer_http)["read", ""] >= 3001, 120)
        until(lambda: counts(pair.observer_http)["held", ""] == 0, 120)
        until(lambda: counts(pair.observer_http)["spool_depth", ""] == 0, 60)
        receiver, observer = counts(pair.receiver_http), counts(pair.observer_http)
    assert receiver["received", ""] == 3001, "with the canary"
    came = receiver["received", ""] + receiver["notices", ""] + observer["events_said", ""]
    went = total(receiver, "rejected", "lost", "buffered") + total(
        observer, "handled", "coalesced", "rejected", "lost", "held", "notices", "canaries", "spool_depth"
    )
    assert came == went
    assert observer["rejected", "undecodable"] == 3, "so many were sent"
    assert total(observer, "coalesced") > 1000, "it was a storm"


def of_datagrams(found):
    """The counts of the observer's sum, in its own words."""
    names = ("read", "handled", "coalesced", "rejected", "lost", "held", "notices", "canaries")
    return {("said", ""): found["events_said", ""]} | {key: n for key, n in found.items() if key[0] in names}


def total(found, *names):
    return sum(n for (name, reason), n in found.items() if name in names and reason not in OUT_OF_THE_SPOOL)


def send(sender, count):
    for n in range(count):
        sender.send(b"rubbish" if n % 1000 == 999 else trap(n))
