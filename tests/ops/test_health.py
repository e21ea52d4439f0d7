"""The health pages, over real connections: what each path says, and that nobody can keep others from asking."""

import http.client
import json
import socket
import threading
import time

import pytest
from prometheus_client import CollectorRegistry, Gauge

from fannel.config.address import Address
from fannel.intake.listen import ListenError
from fannel.intake.vital import Vital
from fannel.ops.health import HealthServer

WELL = [Vital("drain", ok=True, detail="went round 0.1 s ago"), Vital("spool", ok=True, detail="3 wait")]
FULL = [Vital("drain", ok=True, detail="goes round"), Vital("spool", ok=False, detail="no room on the disk")]


class Served:
    """A server whose vitals a test may change."""

    def __init__(self, **options):
        self.live, self.ready = WELL, WELL
        self.judge_ready = lambda: self.ready
        self.registry = CollectorRegistry()
        self.server = HealthServer(
            options.pop("address", Address("127.0.0.1", 0)),
            live=lambda: self.live,
            ready=self.look_at_ready,
            registry=self.registry,
            **options,
        )
        self.server.bind()
        self.server.start()

    def look_at_ready(self):
        return self.judge_ready()

    def ask(self, path, method="GET", host="127.0.0.1", **headers):
        connection = http.client.HTTPConnection(host, self.server.port, timeout=10)
        try:
            connection.request(method, path, headers=headers)
            response = connection.getresponse()
            return response.status, response.read().decode(), response.headers
        finally:
            connection.close()


@pytest.fixture
def served():
    found = Served()
    yield found
    found.server.close()


class TestThePages:
    @pytest.mark.parametrize("path", ["/livez", "/readyz"])
    def test_when_all_is_well_the_first_line_is_ok_and_each_vital_has_one(self, served, path):
        status, text, headers = served.ask(path)
        assert status == 200
        assert text.splitlines() == ["ok", "ok    drain: went round 0.1 s ago", "ok    spool: 3 wait"]
        assert headers["Content-Type"] == "text/plain; charset=utf-8"

    def test_when_a_vital_is_wrong_readyz_names_it_first(self, served):
        served.ready = FULL
        status, text, _ = served.ask("/readyz")
        assert status == 503
        assert text.splitlines() == [
            "unready: spool: no room on the disk",
            "ok    drain: goes round",
            "wrong spool: no room on the disk",
        ]

    def test_when_only_readiness_is_wrong_the_process_is_live(self, served):
        served.ready = FULL
        assert served.ask("/livez")[0] == 200

    def test_when_a_loop_is_stuck_livez_names_it(self, served):
        served.live = [Vital("drain", ok=False, detail="did not go round")]
        status, text, _ = served.ask("/livez")
        assert (status, text.splitlines()[0]) == (503, "not live: drain: did not go round")

    def test_when_a_look_breaks_the_page_says_so_and_quotes_nothing(self, served):
        served.judge_ready = lambda: {}["hunter2"]
        status, text, _ = served.ask("/readyz")
        assert status == 503
        assert text.startswith("unready: readiness: the look at it broke (KeyError)")
        assert "hunter2" not in text

    def test_when_a_detail_comes_from_outside_it_stays_one_short_printable_line(self, served):
        served.ready = [Vital("rule queue", ok=False, detail="a\nok\x1b[2J\r\n" + "b" * 5000)]
        lines = served.ask("/readyz")[1].splitlines()
        assert [line[:34] for line in lines] == [
            "unready: rule queue: a ok�[2J bbbb",
            "wrong rule queue: a ok�[2J bbbbbbb",
        ]
        assert max(map(len, lines)) < 600

    @pytest.mark.parametrize(("path", "accept"), [("/readyz?format=json", "*/*"), ("/readyz", "application/json")])
    def test_json_says_the_same(self, served, path, accept):
        served.ready = FULL
        status, text, headers = served.ask(path, Accept=accept)
        assert (status, headers["Content-Type"]) == (503, "application/json")
        assert json.loads(text) == {
            "ok": False,
            "wrong": "spool: no room on the disk",
            "vitals": [
                {"name": "drain", "ok": True, "detail": "goes round"},
                {"name": "spool", "ok": False, "detail": "no room on the disk"},
            ],
        }

    def test_an_unknown_path_is_told_the_known_ones(self, served):
        status, text, _ = served.ask("/healthz/x?y=<script>")
        assert (status, text) == (404, "not found; here are /livez, /readyz, /metrics\n")

    def test_metrics_are_what_the_registry_holds(self, served):
        Gauge("fannel_test", "A test.", registry=served.registry).set(7)
        status, text, headers = served.ask("/metrics")
        assert status == 200
        assert "fannel_test 7.0" in text
        assert headers["Content-Type"].startswith("text/plain; version=")

    def test_when_a_page_breaks_it_is_said_in_words(self, served):
        class Broken:
            def collect(self):
                raise RuntimeError("hunter2")

        served.registry._collector_to_names[Broken()] = []
        status, text, _ = served.ask("/metrics")
        assert (status, text) == (500, "this page broke (RuntimeError): see the log, report it\n")


class TestTheProtocol:
    def test_a_head_request_gets_the_status_without_the_text(self, served):
        served.ready = FULL
        status, text, headers = served.ask("/readyz", "HEAD")
        assert (status, text) == (503, "")
        assert int(headers["Content-Length"]) > 0

    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "<b>"])
    def test_any_other_method_is_refused(self, served, method):
        status, text, headers = served.ask("/livez", method)
        assert (status, text) == (405, "method not allowed; GET and HEAD are served\n")
        assert headers["Allow"] == "GET, HEAD"

    def test_no_software_is_named(self, served):
        for path, method in [("/livez", "GET"), ("/nothing", "GET"), ("/livez", "POST")]:
            assert "Server" not in served.ask(path, method)[2]

    def test_what_is_no_http_is_refused_in_plain_text(self, served):
        with socket.create_connection(("127.0.0.1", served.server.port), timeout=5) as raw:
            raw.sendall(b"\x16\x03\x01 what is this\r\n\r\n")
            answer = raw.makefile("rb").read()
        assert b"bad request; GET and HEAD are served" in answer
        assert b"\x16" not in answer


class TestWhoIsSlow:
    @pytest.fixture
    def served(self):
        found = Served(patience_s=1.0, places=4)
        yield found
        found.server.close()

    def test_when_nothing_is_asked_the_connection_is_closed(self, served):
        with socket.create_connection(("127.0.0.1", served.server.port), timeout=5) as raw:
            assert raw.recv(100) == b""

    def test_when_a_request_trickles_in_the_time_is_not_begun_anew(self, served):
        began = time.monotonic()
        with socket.create_connection(("127.0.0.1", served.server.port), timeout=5) as raw:
            raw.setblocking(False)
            closed = False
            while not closed and time.monotonic() < began + 4:
                try:
                    raw.send(b"G")
                    time.sleep(0.2)
                    closed = raw.recv(100) == b""
                except BlockingIOError:
                    pass
                except OSError:
                    closed = True
        assert closed
        assert time.monotonic() - began < 3

    def test_when_many_ask_slowly_a_probe_is_answered_and_threads_stay_few(self):
        others = set(threading.enumerate())  # of other servers in this process
        served = Served(patience_s=60.0, places=4)
        slow = [socket.create_connection(("127.0.0.1", served.server.port), timeout=5) for _ in range(40)]
        try:
            for one in slow:
                one.send(b"GET /livez HTTP/1.0\r\nX: ")
            assert served.ask("/livez")[0] == 200
            threads = [one for one in threading.enumerate() if "process_request_thread" in one.name]
            assert 0 < len(set(threads) - others) <= 4
        finally:
            for one in slow:
                one.close()
            served.server.close()

    def test_when_places_were_given_back_they_can_be_had_again(self, served):
        assert [served.ask("/livez")[0] for _ in range(20)] == [200] * 20


class TestThePort:
    def test_when_another_has_it_the_error_names_the_setting(self, served):
        again = HealthServer(
            Address("127.0.0.1", served.server.port), live=list, ready=list, registry=None, setting="health.source"
        )
        with pytest.raises(ListenError, match=r"TCP 127\.0\.0\.1:\d+: Address already in use: .* set health\.source"):
            again.bind()

    def test_when_no_host_is_named_both_families_are_answered(self):
        if not socket.has_dualstack_ipv6():
            pytest.skip("this machine has no IPv6")
        served = Served(address=Address("", 0))
        try:
            assert [served.ask("/livez", host=host)[0] for host in ("127.0.0.1", "::1")] == [200, 200]
        finally:
            served.server.close()

    def test_when_it_is_closed_the_port_is_free_at_once(self, served):
        served.ask("/livez")
        port = served.server.port
        served.server.close()
        again = Served(address=Address("127.0.0.1", port))
        try:
            assert again.ask("/livez")[0] == 200
        finally:
            again.server.close()

    def test_closing_twice_or_before_the_start_is_no_error(self):
        server = HealthServer(Address("127.0.0.1", 0), live=list, ready=list, registry=None)
        server.bind()
        server.close()
        server.close()
