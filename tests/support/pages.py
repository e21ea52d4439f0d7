"""Health pages of a running process, asked over HTTP."""

from __future__ import annotations

import http.client
import socket

from prometheus_client.parser import text_string_to_metric_families


def free_tcp_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def ask(port, path):
    """Status and text; (0, reason) while nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    except OSError as error:
        return 0, str(error)
    finally:
        connection.close()


def is_ready(port):
    return ask(port, "/readyz")[0] == 200


def counts(port):
    """What /metrics says of the counters, as `Counters.snapshot()` has it, and its gauges: {(name, reason): value}.

    `fannel_datagrams_lost_total{reason="kernel"}` is ("lost", "kernel"); a name that is not of datagrams keeps its own.
    """
    status, text = ask(port, "/metrics")
    assert status == 200, text
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            name = sample.name.removeprefix("fannel_").removeprefix("datagrams_").removesuffix("_total")
            found[name, sample.labels.get("reason") or sample.labels.get("name") or ""] = sample.value
    return found


def connects(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True
