"""`fannel receive` with syslog over UDP and TCP, as a process, heard from util-linux's `logger`."""

from __future__ import annotations

import shutil
import signal
import subprocess

import pytest
from pages import ask, counts, free_tcp_port, is_ready
from receiving import spooled, start_process, until

from fannel.intake.datagram import Note, Transport
from fannel.intake.receiver.ledger import missing
from fannel.lab.stage import free_udp_port

LOGGER = shutil.which("logger")


def lines(directory):
    return {d.transport: d.payload for d in spooled(directory) if d.note is Note.NONE}


@pytest.mark.skipif(LOGGER is None, reason="util-linux's logger is not here")
def test_what_logger_says_is_in_the_spool_and_in_the_counts(tmp_path):
    udp, tcp, http = free_udp_port(), free_tcp_port(), free_tcp_port()
    options = (
        *("--syslog-udp", f"127.0.0.1:{udp}", "--syslog-tcp", f"127.0.0.1:{tcp}", "--http", f"127.0.0.1:{http}"),
    )
    process = start_process(tmp_path, free_udp_port(), *options)
    try:
        until(lambda: is_ready(http), timeout_s=60)
        for way, port in (("--udp", udp), ("--tcp", tcp)):
            command = [
                LOGGER,
                "--server",
                "127.0.0.1",
                "--port",
                str(port),
                way,
                "--priority",
                "local7.err",
                f"by {way}",
            ]
            subprocess.run(command, check=True, timeout=60)
        until(lambda: len(lines(tmp_path)) == 2)
        found = lines(tmp_path)
        assert found[Transport.SYSLOG_UDP].startswith(b"<187>")
        assert found[Transport.SYSLOG_UDP].endswith(b"by --udp")
        assert found[Transport.SYSLOG_TCP].endswith(b"by --tcp")
        until(lambda: counts(http)["syslog_connections", ""] == 0)
        counted = counts(http)
        assert counted["syslog_connections_taken", ""] == 1
        assert missing(counted) == 0
        assert "socket syslog tcp" in ask(http, "/readyz")[1]
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()


def test_a_certificate_that_is_not_there_ends_it_with_the_key(tmp_path):
    environ = {"FANNEL_SYSLOG__TLS": f"127.0.0.1:{free_tcp_port()}", "FANNEL_SYSLOG__TLS_CERT_FILE": "no.pem"}
    process = start_process(tmp_path, free_udp_port(), environ=environ)
    assert process.wait(60) == 2
    assert "syslog.tls_cert_file: No such file or directory" in (tmp_path / "receiver.log").read_text()
