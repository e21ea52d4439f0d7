"""The bench's senders and peers as the processes they are: what they say they sent is what arrives."""

import asyncio
import contextlib
import json
import socket
import threading

import pytest

from fannel.lab.bench import peers, pysnmp_receiver, snmptrapd, timed
from fannel.lab.bench.bench import Bench, send, sender
from fannel.lab.bench.child import BenchError, Child
from fannel.lab.bench.datagrams import LINK_DOWN, device_address, link_down
from fannel.lab.bench.informer import inform, response_to
from fannel.wire.snmp import decode, inform_response


@contextlib.contextmanager
def listening():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**22)
        sock.settimeout(10)
        sock.bind(("127.0.0.1", 0))
        yield sock


def test_a_sender_sends_as_many_as_it_says_from_every_device():
    with listening() as sock, sender(sock.getsockname()[1], 500, None, devices=4, interfaces=25) as child:
        child.answer(20)
        sent = send(child, 10)
        came = [sock.recvfrom(2048) for _ in range(500)]
    assert (sent.count, sent.refused) == (500, 0)
    assert {address for _, (address, _) in came} == {device_address(n) for n in range(4)}
    assert len({payload for payload, _ in came}) == 25
    message = decode(came[0][0])
    assert (message.trap_oid, message.community, len(message.varbinds)) == (LINK_DOWN, b"public", 4)


def test_a_sender_holds_its_rate():
    with listening() as sock, sender(sock.getsockname()[1], 1000, 2000) as child:
        child.answer(20)
        assert send(child, 10).rate == pytest.approx(2000, rel=0.2)


def test_a_sender_sends_in_parts_until_all_is_sent():
    with listening() as sock, sender(sock.getsockname()[1], 30, None) as child:
        child.answer(20)
        assert [send(child, 10, count=20).count for _ in range(2)] == [20, 10]


def test_a_sender_counts_what_nobody_listened_to():
    with listening() as sock:
        port = sock.getsockname()[1]
    with sender(port, 50, None) as child:
        child.answer(20)
        sent = send(child, 10)
    assert sent.count == 50
    assert sent.refused > 0


def test_a_child_that_ends_early_is_an_error_with_its_words():
    with Child.module("fannel.lab.bench.sender", "no-port") as child, pytest.raises(BenchError, match="no-port"):
        child.answer(20)


def test_informs_differ_in_their_request_ids_alone():
    first, second = decode(inform(0)), decode(inform(77))
    assert second.request_id - first.request_id == 77
    assert (first.pdu, first.varbinds) == (second.pdu, second.varbinds)


def test_the_expected_response_is_the_informs_own_octets_as_a_response():
    assert response_to(inform(5)) == inform_response(inform(5))


def answering(sock, answers):
    """A thread that answers informs by `answers(datagram)` until the socket is closed."""

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                datagram, address = sock.recvfrom(2048)
                for answer in answers(datagram):
                    sock.sendto(answer, address)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    return thread


def informed(answers, seconds=0.5):
    with listening() as sock, Child.module("fannel.lab.bench.informer", sock.getsockname()[1], 3, seconds) as child:
        child.answer(20)
        answering(sock, answers)
        child.tell("GO")
        return child.answer(20)


def test_answered_informs_are_counted_and_timed():
    said = informed(lambda datagram: [response_to(datagram)])
    assert said["answered"] > 50
    assert (said["wrong"], said["repeated"]) == (0, 0)
    assert 0 < said["p50_ms"] <= said["p99_ms"] <= said["worst_ms"]


def test_a_wrong_answer_is_told_from_a_right_one():
    said = informed(lambda datagram: [response_to(datagram)[:-1] + b"\x07"])
    assert said["wrong"] == said["answered"] > 0


def test_an_answer_that_comes_twice_is_no_second_answer():
    seen = []

    def twice(datagram):
        seen.append(datagram)
        return [response_to(datagram)] * 2

    said = informed(twice)
    assert said["answered"] == len(seen)
    assert said["late"] > 0


def test_an_inform_without_an_answer_is_repeated_and_its_time_runs_on():
    seen = set()

    def second_time(datagram):
        known = datagram in seen
        seen.add(datagram)
        return [response_to(datagram)] if known else []

    said = informed(second_time)
    assert said["repeated"] == said["answered"] == 3
    assert said["p50_ms"] > 900


def test_nobody_there_is_no_answer():
    with listening() as sock:
        port = sock.getsockname()[1]
    with Child.module("fannel.lab.bench.informer", port, 1, 0.1) as child:
        child.answer(20)
        child.tell("GO")
        assert child.answer(20)["answered"] == 0


class SlowPeer:
    """Takes what it is offered up to a number a second."""

    def __init__(self, sock, most):
        self.sock, self.most, self.count = sock, most, 0
        self.port = sock.getsockname()[1]
        self.sock.setblocking(False)

    def taken(self):
        came = 0
        with contextlib.suppress(BlockingIOError):
            while True:
                self.sock.recv(2048)
                came += 1
        self.count += min(came, self.most)
        return self.count


def test_a_peer_is_offered_more_until_it_loses(monkeypatch):
    monkeypatch.setattr(peers, "SETTLE_S", 0.05)
    with listening() as sock:
        found = peers.most_taken(SlowPeer(sock, 300), offered=200, seconds=0.5)
    assert found == pytest.approx(600, rel=0.1)


def test_pysnmp_takes_what_it_is_sent():
    with pysnmp_receiver.PysnmpReceiver() as peer, socket.socket(type=socket.SOCK_DGRAM) as sock:
        for n in range(5):
            sock.sendto(link_down(n + 1), ("127.0.0.1", peer.port))
        for _ in range(50):
            if peer.taken() == 5:
                break
        assert peer.taken() == 5


@pytest.mark.skipif(snmptrapd.program() is None, reason="snmptrapd is not installed (Debian: snmptrapd)")
def test_snmptrapd_takes_what_it_is_sent(tmp_path):
    with snmptrapd.Snmptrapd(tmp_path / "peer") as peer, sender(peer.port, 20, 100) as child:
        child.answer(20)
        send(child, 10)
        deadline = threading.Event()
        for _ in range(100):
            if peer.taken() == 20:
                break
            deadline.wait(0.05)
        assert peer.taken() == 20


def test_a_peer_that_is_not_installed_is_a_visible_gap(monkeypatch, tmp_path):
    monkeypatch.setattr(snmptrapd, "program", lambda: None)
    monkeypatch.setattr(pysnmp_receiver, "installed", lambda: False)
    figures = peers.compare(Bench(tmp_path, lambda *_: ([], {})), "sustained", 80_000)
    assert [(figure.verdict, "not installed" in figure.beside) for figure in figures] == [("skipped", True)] * 2


class Taken:
    """The rules' queue, which adds to what it takes as ansible-rulebook does."""

    def __init__(self):
        self.items = []

    async def put(self, item):
        self.items.append(item)
        item["meta"]["uuid"] = "added"


def test_of_the_events_put_to_the_rules_only_traps_are_timed_and_kept_as_they_were(tmp_path):
    times, events = tmp_path / "times.json", tmp_path / "events.json"
    queue = timed.Timed(Taken(), 2, times, events)
    asyncio.run(queue.put({"via": "check", "meta": {}}))
    asyncio.run(queue.put({"via": "snmp_trap", "id": "a", "meta": {"hosts": "rt"}}))
    assert not times.exists()
    asyncio.run(queue.put({"via": "snmp_trap", "id": "b", "meta": {}}))
    first, last = json.loads(times.read_text())
    assert first <= last
    assert json.loads(events.read_text()) == [
        {"via": "snmp_trap", "id": "a", "meta": {"hosts": "rt"}},
        {"via": "snmp_trap", "id": "b", "meta": {}},
    ]


def test_a_rate_leaves_the_warm_up_out():
    assert timed.rate([0.0, 5.0, 5.5, 6.0, 6.5], skip=1) == 2.0
