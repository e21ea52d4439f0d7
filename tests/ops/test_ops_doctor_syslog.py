"""The doctor's look at where syslog arrives: ports of each kind, and the certificate."""

from __future__ import annotations

import socket

import pytest

from fannel.config import Syslog
from fannel.ops.doctor.trap_port import syslog_ports


@pytest.fixture
def held():
    """A TCP port of this process, and a UDP one of the same number where that can be had."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_where_none_is_set_it_says_what_a_rulebook_takes():
    found = syslog_ports(Syslog())
    assert found.status == "ok"
    assert "0.0.0.0:5514" in found.finding


def test_every_free_one_is_told(held):
    found = syslog_ports(Syslog(udp=[f"127.0.0.1:{held}"]))
    assert (found.status, found.finding) == ("ok", f"UDP 127.0.0.1:{held} is free")


def test_a_port_that_somebody_has_is_wrong_and_names_the_key(held):
    found = syslog_ports(Syslog(udp=[f"127.0.0.1:{held}"], tcp=[f"127.0.0.1:{held}"]))
    assert found.status == "wrong"
    assert f"TCP 127.0.0.1:{held}: Address already in use" in found.finding
    assert "syslog.tcp" in found.remedy


def test_a_certificate_that_cannot_be_read_is_wrong(tmp_path):
    found = syslog_ports(Syslog(tls_cert_file=tmp_path / "no.pem"))
    assert found.status == "ok", "no TLS, no certificate"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
    found = syslog_ports(Syslog(tls=[f"127.0.0.1:{free}"], tls_cert_file=tmp_path / "no.pem"))
    assert found.status == "wrong"
    assert "syslog.tls_cert_file: No such file" in found.finding
