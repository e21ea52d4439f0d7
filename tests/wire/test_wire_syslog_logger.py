"""What util-linux' `logger` really sends, read by our parser: the independent peer."""

from __future__ import annotations

import shutil
import socket
import subprocess
from datetime import UTC, datetime, timedelta

import pytest

from fannel.wire.syslog import parse

LOGGER = shutil.which("logger")
pytestmark = pytest.mark.skipif(LOGGER is None, reason="logger (Debian: bsdutils) is not installed")

TEXT = "eth1 is down – really"


@pytest.fixture
def receiver():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(10)
        yield sock


def sent(receiver, *options):
    port = str(receiver.getsockname()[1])
    command = [
        LOGGER,
        "--server",
        "127.0.0.1",
        "--port",
        port,
        "--udp",
        "--priority",
        "local3.err",
        "--tag",
        "netwatch",
    ]
    subprocess.run([*command, *options, "--", TEXT], check=True, timeout=10)
    now = datetime.now(UTC)
    return parse(receiver.recv(65535), received_at=now, zone=now.astimezone().tzinfo), now


@pytest.mark.parametrize("form", ["rfc3164", "rfc5424"])
def test_what_logger_sends_is_read_as_it_was_meant(receiver, form):
    message, now = sent(receiver, f"--{form}", "--id=4711")
    assert message.format == form
    assert (message.facility, message.severity) == ("local3", "err")
    assert (message.app_name, message.procid, message.message) == ("netwatch", "4711", TEXT)
    assert message.hostname == socket.gethostname().split(".")[0] or message.hostname == socket.gethostname()
    assert abs(message.timestamp - now) < timedelta(seconds=30)


def test_the_structured_data_logger_sends_is_read_as_it_was_meant(receiver):
    message, _ = sent(receiver, "--rfc5424", "--msgid", "LINK", "--sd-id", "net@32473", "--sd-param", 'port="eth1"')
    assert message.msgid == "LINK"
    assert message.to_json()["structured_data"]["net@32473"] == {"port": "eth1"}
