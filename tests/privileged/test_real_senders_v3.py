"""SNMPv3 as net-snmp speaks it: every pair of algorithms, as traps and as informs that have to discover us first."""

import ipaddress
import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from machine import program

from fannel.wire.engine import LocalEngine
from fannel.wire.usm import SecurityLevel, UsmUser
from fannel.wire.usm_keys import AuthProtocol, KeyExtension, PrivProtocol
from fannel.wire.v3_receiver import Accepted, Outcome, Refused, Report, V3Receiver
from fannel.wire.varbind import ValueType, WireVarBind

pytestmark = pytest.mark.privileged

LINK_DOWN = "1.3.6.1.6.3.1.1.5.3"
UPTIME_TICKS = "12345"
IF_INDEX = "1.3.6.1.2.1.2.2.1.1.3"
LINK_VARBINDS = (IF_INDEX, "i", "3")
AUTH_PASSWORD, PRIV_PASSWORD = "auth-pass-123", "priv-pass-456"
LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
OURS = bytes.fromhex("8000000004") + b"fannel"
THEIRS = bytes.fromhex("80001f8804deadbeef01")
RECEIVE_TIMEOUT_S = 5.0

BLUMENTHAL, REEDER = KeyExtension
NET_SNMP_PRIV = {
    (PrivProtocol.DES, BLUMENTHAL): "DES",
    (PrivProtocol.AES128, BLUMENTHAL): "AES",
    (PrivProtocol.AES192, BLUMENTHAL): "AES-192",
    (PrivProtocol.AES256, BLUMENTHAL): "AES-256",
    (PrivProtocol.AES192, REEDER): "AES-192-C",
    (PrivProtocol.AES256, REEDER): "AES-256-C",
}
USERS = [(auth, priv, extension) for auth in AuthProtocol for priv, extension in ((None, BLUMENTHAL), *NET_SNMP_PRIV)]
every_pair = pytest.mark.parametrize(
    ("auth", "priv", "extension"),
    USERS,
    ids=[f"{auth.value}-{NET_SNMP_PRIV.get((priv, extension), 'noPriv')}" for auth, priv, extension in USERS],
)


def user(auth: AuthProtocol | None, priv: PrivProtocol | None, **changes) -> UsmUser:
    fields = {
        "name": "lab",
        "auth_protocol": auth,
        "auth_password": AUTH_PASSWORD if auth else None,
        "priv_protocol": priv,
        "priv_password": PRIV_PASSWORD if priv else None,
        "sources": LOOPBACK,
    }
    return UsmUser(**fields | changes)


def credentials(
    auth: AuthProtocol | None, priv: PrivProtocol | None, extension: KeyExtension = BLUMENTHAL
) -> tuple[str, ...]:
    level = "authPriv" if priv else "authNoPriv" if auth else "noAuthNoPriv"
    return (
        *("-v3", "-u", "lab", "-l", level),
        *(("-a", auth.value, "-A", AUTH_PASSWORD) if auth else ()),
        *(("-x", NET_SNMP_PRIV[priv, extension], "-X", PRIV_PASSWORD) if priv else ()),
    )


class Collector:
    """A socket with a V3Receiver behind it, which answers as a receiver process would."""

    def __init__(self, *users: UsmUser):
        self.receiver = V3Receiver(users, LocalEngine(OURS, boots=7, started=time.monotonic() - 1000))
        self.outcomes: list[Outcome] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(RECEIVE_TIMEOUT_S)
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"

    def receive(self) -> Outcome:
        datagram, peer = self._socket.recvfrom(65535)
        outcome = self.receiver.receive(datagram, peer[0], time.monotonic())
        self.outcomes.append(outcome)
        if isinstance(outcome, Report):
            self._socket.sendto(outcome.reply, peer)
        elif isinstance(outcome, Accepted) and outcome.respond:
            self._socket.sendto(outcome.respond(time.monotonic()), peer)
        return outcome

    def receive_until_accepted(self) -> None:
        while not isinstance(self.receive(), Accepted):
            pass

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def collector_of() -> Iterator[Callable[..., Collector]]:
    opened: list[Collector] = []

    def open_collector(*users: UsmUser) -> Collector:
        opened.append(Collector(*users))
        return opened[-1]

    yield open_collector
    for collector in opened:
        collector.close()


@pytest.fixture
def send(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess]:
    """`snmptrap` or `snmpinform` with nothing of this machine's own configuration."""
    environment = {
        "PATH": os.environ["PATH"],
        "MIBS": "",
        "HOME": str(tmp_path),
        "SNMPCONFPATH": str(tmp_path),
        "SNMP_PERSISTENT_DIR": str(tmp_path),
    }

    def run(*arguments: str, command: str = "snmptrap") -> subprocess.CompletedProcess:
        return subprocess.run(
            [program(command), *arguments, UPTIME_TICKS, LINK_DOWN, *LINK_VARBINDS],
            env=environment,
            check=False,
            capture_output=True,
            text=True,
            timeout=30,
        )

    return run


@every_pair
def test_a_trap_of_every_pair_is_read(collector_of, send, auth, priv, extension):
    collector = collector_of(user(auth, priv, key_extension=extension))
    send("-e", f"0x{THEIRS.hex()}", "-Z", "1,1", *credentials(auth, priv, extension), collector.address)
    outcome = collector.receive()
    assert isinstance(outcome, Accepted), outcome
    message = outcome.message
    assert (message.version, message.pdu, message.user, message.engine_id) == ("3", "trap", "lab", THEIRS.hex())
    assert (message.trap_oid, message.uptime_ticks) == (LINK_DOWN, 12345)
    assert message.varbinds == (WireVarBind(IF_INDEX, ValueType.INTEGER, 3),)


@every_pair
def test_an_inform_of_every_pair_discovers_us_and_takes_the_response(collector_of, send, auth, priv, extension):
    collector = collector_of(user(auth, priv, key_extension=extension))
    answering = threading.Thread(target=collector.receive_until_accepted)
    answering.start()
    done = send(*credentials(auth, priv, extension), "-t", "2", "-r", "1", collector.address, command="snmpinform")
    answering.join()
    assert done.returncode == 0, (done.stderr, collector.outcomes)
    assert collector.outcomes[0].reason == "unknown_engine"
    assert {outcome.reason for outcome in collector.outcomes[1:-1]} <= {"not_in_time_window"}
    assert collector.outcomes[-1].message.pdu == "inform"


def test_a_trap_without_protection_is_read_where_the_user_allows_it(collector_of, send):
    collector = collector_of(user(None, None))
    send("-e", f"0x{THEIRS.hex()}", *credentials(None, None), collector.address)
    assert collector.receive().message.engine_id == THEIRS.hex()


def test_the_two_key_extensions_are_two_keys(collector_of, send):
    """The control: without it, the pairs above could pass with either."""
    collector = collector_of(user(AuthProtocol.SHA1, PrivProtocol.AES256, key_extension=REEDER))
    as_blumenthal = credentials(AuthProtocol.SHA1, PrivProtocol.AES256, BLUMENTHAL)
    send("-e", f"0x{THEIRS.hex()}", *as_blumenthal, collector.address)
    assert collector.receive().reason == "decryption_error"


@pytest.mark.parametrize(
    ("changes", "reason", "complaint"),
    [
        ({"name": "somebody"}, "unknown_user", "Unknown user name"),
        ({"auth_password": "another-pass"}, "wrong_digest", "Authentication failure"),
        ({"priv_password": "another-pass"}, "decryption_error", "Decryption error"),
        (
            {"priv_protocol": None, "priv_password": None, "minimum_level": SecurityLevel.AUTH_NO_PRIV},
            "unsupported_level",
            "Unsupported security level",
        ),
    ],
    ids=["user", "digest", "decryption", "level"],
)
def test_snmpinform_understands_our_reports(collector_of, send, changes, reason, complaint):
    collector = collector_of(user(AuthProtocol.SHA256, PrivProtocol.AES128, **changes))
    stop = threading.Event()

    def answer() -> None:
        while not stop.is_set() and getattr(collector.receive(), "reason", None) != reason:
            pass

    answering = threading.Thread(target=answer)
    answering.start()
    arguments = (*credentials(AuthProtocol.SHA256, PrivProtocol.AES128), "-t", "1", "-r", "0", collector.address)
    done = send(*arguments, command="snmpinform")
    stop.set()
    answering.join()
    assert collector.outcomes[-1].reason == reason
    assert done.returncode != 0
    assert complaint in done.stderr


def test_a_trap_of_an_earlier_start_of_the_sender_is_refused(collector_of, send):
    collector = collector_of(user(AuthProtocol.SHA256, PrivProtocol.AES128))
    for boots in ("5", "4"):
        arguments = ("-e", f"0x{THEIRS.hex()}", "-Z", f"{boots},100")
        send(*arguments, *credentials(AuthProtocol.SHA256, PrivProtocol.AES128), collector.address)
    first, second = collector.receive(), collector.receive()
    assert isinstance(first, Accepted)
    assert isinstance(second, Refused)
    assert second.reason == "not_in_time_window"
