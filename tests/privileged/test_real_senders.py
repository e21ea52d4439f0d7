"""What net-snmp puts on the wire is what FANNEL reads: an independent encoder, from the command a user would type."""

import asyncio
import json
import os
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from machine import program
from running_source import Running, environment

from fannel.wire.snmp import DecodeError, UnsupportedVersion, ValueType, WireVarBind, decode, inform_response

pytestmark = pytest.mark.privileged

ROOT = Path(__file__).parents[2]
LINK_DOWN = "1.3.6.1.6.3.1.1.5.3"
UPTIME_TICKS = "12345"
IF_INDEX, IF_ADMIN_STATUS, IF_OPER_STATUS = (f"1.3.6.1.2.1.2.2.1.{column}.3" for column in (1, 7, 8))
LINK_VARBINDS = (IF_INDEX, "i", "3", IF_ADMIN_STATUS, "i", "1", IF_OPER_STATUS, "i", "2")
RECEIVE_TIMEOUT_S = 5.0


class Sender:
    """`snmptrap` and `snmpinform`, with nothing of this machine's own configuration."""

    def __init__(self, state: Path):
        self.environment = {"PATH": os.environ["PATH"], "MIBS": "", "SNMPCONFPATH": str(state), "HOME": str(state)}

    def send(self, *arguments: str, command: str = "snmptrap") -> subprocess.CompletedProcess:
        return subprocess.run(
            [program(command), *arguments],
            env=self.environment,
            check=False,
            capture_output=True,
            text=True,
            timeout=30,
        )


class Listener:
    """A UDP socket that keeps what arrives; `answers` makes it acknowledge informs."""

    def __init__(self, *, answers: bool):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(RECEIVE_TIMEOUT_S)
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self.answers = answers

    def receive(self) -> bytes:
        datagram, peer = self._socket.recvfrom(65535)
        if self.answers:
            self._socket.sendto(inform_response(datagram), peer)
        return datagram

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def sender(tmp_path) -> Sender:
    return Sender(tmp_path)


@pytest.fixture
def listener() -> Iterator[Listener]:
    opened = Listener(answers=False)
    yield opened
    opened.close()


def test_a_v1_trap_is_read_as_its_v2_translation(sender, listener):
    enterprise, agent, generic_link_down = "1.3.6.1.4.1.9.1.1208", "198.51.100.7", "2"
    sender.send(
        *("-v1", "-c", "public", listener.address, enterprise, agent, generic_link_down, "0", UPTIME_TICKS),
        *LINK_VARBINDS,
    )
    message = decode(listener.receive())
    assert (message.version, message.pdu, message.community) == ("1", "trap", b"public")
    assert (message.trap_oid, message.uptime_ticks) == (LINK_DOWN, 12345)
    assert (message.agent_address, message.enterprise) == (agent, enterprise)
    assert message.varbinds == (
        WireVarBind(IF_INDEX, ValueType.INTEGER, 3),
        WireVarBind(IF_ADMIN_STATUS, ValueType.INTEGER, 1),
        WireVarBind(IF_OPER_STATUS, ValueType.INTEGER, 2),
    )


def test_an_enterprise_specific_v1_trap_gets_the_oid_of_rfc_3584(sender, listener):
    sender.send(*("-v1", "-c", "public", listener.address, "1.3.6.1.4.1.9.9.43.2", "", "6", "1", UPTIME_TICKS))
    assert decode(listener.receive()).trap_oid == "1.3.6.1.4.1.9.9.43.2.0.1"


def test_a_v2c_trap_is_read(sender, listener):
    sender.send("-v2c", "-c", "public", listener.address, UPTIME_TICKS, LINK_DOWN, *LINK_VARBINDS)
    message = decode(listener.receive())
    assert (message.version, message.pdu, message.trap_oid, message.uptime_ticks) == ("2c", "trap", LINK_DOWN, 12345)
    assert [varbind.value for varbind in message.varbinds] == [3, 1, 2]


@pytest.mark.parametrize(
    ("letter", "text", "expected"),
    [
        ("i", "-2147483648", (ValueType.INTEGER, -(2**31))),
        ("u", "4294967295", (ValueType.GAUGE32, 2**32 - 1)),
        ("c", "4294967295", (ValueType.COUNTER32, 2**32 - 1)),
        ("C", "18446744073709551615", (ValueType.COUNTER64, 2**64 - 1)),
        ("t", "4294967295", (ValueType.TIMETICKS, 2**32 - 1)),
        ("a", "192.0.2.255", (ValueType.IP_ADDRESS, "192.0.2.255")),
        ("o", "1.3.6.1.4.1.4294967295.0.128", (ValueType.OBJECT_IDENTIFIER, "1.3.6.1.4.1.4294967295.0.128")),
        ("s", "回線 down", (ValueType.OCTET_STRING, "回線 down".encode())),
        ("s", "x" * 300, (ValueType.OCTET_STRING, b"x" * 300)),
        ("x", "00ff80", (ValueType.OCTET_STRING, b"\x00\xff\x80")),
        ("n", "", (ValueType.NULL, None)),
        ("F", "1.5", (ValueType.OPAQUE, b"\x9f\x78\x04" + struct.pack(">f", 1.5))),
    ],
)
def test_a_value_of_every_type_is_read(sender, listener, letter, text, expected):
    sender.send(
        "-v2c", "-c", "public", listener.address, UPTIME_TICKS, LINK_DOWN, "1.3.6.1.4.1.99999.1.0", letter, text
    )
    (varbind,) = decode(listener.receive()).varbinds
    assert (varbind.type, varbind.value) == expected


def test_fannel_decode_shows_the_event_of_what_was_sent(sender, listener, tmp_path):
    sender.send("-v2c", "-c", "s3cret", listener.address, UPTIME_TICKS, LINK_DOWN, *LINK_VARBINDS)
    command = [Path(sys.executable).with_name("fannel"), "decode", "--hex", listener.receive().hex()]
    done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    event = json.loads(done.stdout)
    assert (event["kind"], event["phase"], event["trap"]["name"]) == ("interface_down", "raise", "IF-MIB::linkDown")
    assert event["subject"]["ifindex"] == 3
    assert "s3cret" not in done.stdout


def test_snmpinform_takes_the_response_for_an_acknowledgement(sender):
    listener = Listener(answers=True)
    receiver = threading.Thread(target=listener.receive)
    receiver.start()
    done = send_inform(sender, listener.address)
    receiver.join()
    listener.close()
    assert done.returncode == 0, done.stderr


def test_snmpinform_complains_when_nobody_answers(sender, listener):
    """The control: without it, the test above could pass for another reason."""
    done = send_inform(sender, listener.address)
    assert done.returncode != 0
    assert "Timeout" in done.stderr


def test_a_v3_trap_is_refused_by_name(sender, listener):
    keys = ("-a", "SHA", "-A", "authpass123", "-x", "AES", "-X", "privpass123")
    engine = ("-e", "0x80001f8804deadbeef01", "-Z", "1,1")
    sender.send("-v3", *engine, "-u", "lab", "-l", "authPriv", *keys, listener.address, UPTIME_TICKS, LINK_DOWN)
    with pytest.raises(UnsupportedVersion, match="SNMPv3"):
        decode(listener.receive())
    assert issubclass(UnsupportedVersion, DecodeError)


def send_inform(sender: Sender, address: str) -> subprocess.CompletedProcess:
    options = ("-v2c", "-c", "public", "-t", "1", "-r", "0")
    return sender.send(*options, address, UPTIME_TICKS, LINK_DOWN, *LINK_VARBINDS, command="snmpinform")


class TestTheRunningSource:
    """The plugin as ansible-rulebook runs it: its file with runpy, a queue of one place, the event loop shared."""

    @pytest.fixture(autouse=True)
    def home(self, tmp_path, monkeypatch) -> None:
        environment(monkeypatch, tmp_path, "")

    @pytest.mark.parametrize("version", ["-v1", "-v2c"])
    def test_a_trap_becomes_an_event(self, sender, version):
        head = ["1.3.6.1.4.1.9.1.1208", "198.51.100.7", "2", "0"] if version == "-v1" else []
        tail = [] if version == "-v1" else [LINK_DOWN]

        async def scenario() -> dict:
            async with Running() as source:
                arguments = (version, "-c", "public", to(source), *head, UPTIME_TICKS, *tail, *LINK_VARBINDS)
                await asyncio.to_thread(sender.send, *arguments)
                return await source.event()

        event = asyncio.run(scenario())
        assert (event["kind"], event["phase"], event["trap"]["version"]) == ("interface_down", "raise", version[2:])
        assert (event["trap"]["oid"], event["subject"]["ifindex"]) == (LINK_DOWN, 3)
        assert event["incident"]["state"] == "new"

    def test_an_inform_is_acknowledged_and_becomes_one_event(self, sender):
        async def scenario() -> tuple[int, dict, bool]:
            async with Running() as source:
                inform = asyncio.get_running_loop().run_in_executor(None, send_inform, sender, to(source))
                event = await source.event()
                return (await inform).returncode, event, source.queue.empty()

        returncode, event, nothing_more = asyncio.run(scenario())
        assert (returncode, event["trap"]["type"], nothing_more) == (0, "inform", True)

    def test_a_wrong_community_is_said_without_the_community(self, sender):
        async def scenario() -> dict:
            async with Running() as source:
                arguments = ("-v2c", "-c", "s3cret-guess", to(source), UPTIME_TICKS, LINK_DOWN, *LINK_VARBINDS)
                await asyncio.to_thread(sender.send, *arguments)
                return await source.event()

        event = asyncio.run(scenario())
        assert event["kind"] == "snmp_auth_failure"
        assert "s3cret-guess" not in str(event)


def to(source: Running) -> str:
    return f"127.0.0.1:{source.port}"
