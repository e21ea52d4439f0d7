"""Syslog over connections, from real senders into the real spool: framings, TLS, limits, back-pressure, the end."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import shutil
import socket
import ssl
import subprocess
import threading
import time
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from receiving import settings, spooled, trap, until

from fannel.config import ConfigError, Syslog, Trap
from fannel.config.address import Address
from fannel.intake.answerer import Answerer
from fannel.intake.datagram import Note, Transport
from fannel.intake.proxied import unwrap
from fannel.intake.receiver import receiver
from fannel.intake.receiver.ledger import missing
from fannel.intake.spool import SpoolFullError
from fannel.wire.proxy import SIGNATURE

ANY = (Address("127.0.0.1", 0),)
LOGGER = shutil.which("logger")


# --- certificates ------------------------------------------------------------------------------------------------


MAY_SIGN = x509.KeyUsage(
    key_cert_sign=True,
    crl_sign=True,
    **dict.fromkeys(("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"), False),
    **dict.fromkeys(("key_agreement", "encipher_only", "decipher_only"), False),
)


def certificate(folder, name, issuer=None, *, alternative=None):
    """A certificate of that common name and its key, as files; by `issuer`, or its own."""
    key = ec.generate_private_key(ec.SECP256R1())
    signs = issuer.key if issuer else key
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signs.public_key()), critical=False)
    )
    if issuer is None:
        builder = builder.add_extension(MAY_SIGN, critical=True)
    if alternative:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(alternative)]), critical=False)
    made = builder.sign(signs, hashes.SHA256())
    cert_file, key_file = folder / f"{name}.pem", folder / f"{name}.key"
    cert_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return SimpleNamespace(subject=subject, key=key, cert_file=cert_file, key_file=key_file)


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pki")
    authority = certificate(folder, "ca")
    return SimpleNamespace(
        ca=authority,
        server=certificate(folder, "server", authority, alternative="localhost"),
        rt1=certificate(folder, "rt1.example.net", authority),
        stranger=certificate(folder, "rt1.example.org", authority),
        self_made=certificate(folder, "self"),
    )


def tls_settings(pki, **options):
    return {"tls": ANY, "tls_cert_file": pki.server.cert_file, "tls_key_file": pki.server.key_file, **options}


def client(pki, identity=None):
    context = ssl.create_default_context(cafile=str(pki.ca.cert_file))
    if identity is not None:
        context.load_cert_chain(identity.cert_file, identity.key_file)
    return context


# --- a receiver, and senders -------------------------------------------------------------------------------------


@contextmanager
def receiving(tmp_path, *, spool=None, canary_every_s=0, **syslog):
    told = settings(tmp_path, canary_every_s=canary_every_s).model_copy(
        update={"syslog": Syslog(**({"tcp": ANY} | syslog))}
    )
    if spool is not None:
        told = told.model_copy(update={"spool": spool})
    running = receiver.Receiver(told)
    try:
        running.start(Answerer.open(Trap(), running.counters))
        yield running
    finally:
        running.stop()
        assert missing(running.counters.snapshot()) == 0


def port(running):
    return running.stream_listeners[0].address.port


def connect(running, source="127.0.0.1"):
    return socket.create_connection(("127.0.0.1", port(running)), timeout=20, source_address=(source, 0))


def said(running, *octets, source="127.0.0.1"):
    with connect(running, source) as connection:
        for some in octets:
            connection.sendall(some)


def kept(tmp_path):
    return [one for one in spooled(tmp_path) if one.note is Note.NONE]


def payloads(tmp_path):
    return [one.payload for one in kept(tmp_path)]


def test_lines_of_a_connection_are_kept_with_who_sent_them(tmp_path):
    with receiving(tmp_path) as running:
        said(running, b"<34>one\n<34>tw", b"o\n", source="127.0.0.9")
        until(lambda: len(kept(tmp_path)) == 2)
        one, two = kept(tmp_path)
        assert (one.payload, two.payload) == (b"<34>one", b"<34>two")
        assert (one.source, one.transport) == ("127.0.0.9", Transport.SYSLOG_TCP)
        assert one.source_port > 0


def test_a_line_is_kept_while_its_connection_stays_open(tmp_path):
    with receiving(tmp_path) as running, connect(running) as connection:
        connection.sendall(b"9 <34>first")
        until(lambda: payloads(tmp_path) == [b"<34>first"])
        assert running.counters.get("connections") == 1


def test_half_a_line_at_the_end_of_a_connection_is_kept_and_counted(tmp_path):
    with receiving(tmp_path) as running:
        said(running, b"<34>whole\n<34>ha")
        until(lambda: payloads(tmp_path) == [b"<34>whole", b"<34>ha"])
        assert running.counters.get("lines_cut", "unfinished") == 1
        until(lambda: running.counters.get("connections") == 0)


def test_a_line_that_is_too_long_is_kept_in_part_and_counted(tmp_path):
    with receiving(tmp_path, line_octets=480) as running:
        said(running, b"<34>" + b"x" * 10_000 + b"\n<34>next\n")
        until(lambda: len(kept(tmp_path)) == 2)
        assert [len(payload) for payload in payloads(tmp_path)] == [480, 8]
        assert running.counters.get("lines_cut", "too_long") == 1


@pytest.mark.skipif(LOGGER is None, reason="util-linux's logger is not here")
@pytest.mark.parametrize("options", [(), ("--octet-count",), ("--rfc5424",), ("--rfc3164", "--octet-count")])
def test_what_logger_sends_is_kept(tmp_path, options):
    with receiving(tmp_path) as running:
        command = [
            LOGGER,
            "--server",
            "127.0.0.1",
            "--port",
            str(port(running)),
            "--tcp",
            *options,
            "the house is on fire",
        ]
        subprocess.run(command, check=True, timeout=60)
        until(lambda: kept(tmp_path))
        (payload,) = payloads(tmp_path)
        assert payload.startswith(b"<13>")
        assert payload.endswith(b"the house is on fire")


def test_many_connections_at_once_lose_nothing(tmp_path):
    with receiving(tmp_path, connections_per_source=300) as running:
        senders = [connect(running) for _ in range(200)]
        for round_ in range(5):
            for number, sender in enumerate(senders):
                sender.sendall(b"<34>%d of %d\n" % (round_, number))
        until(lambda: len(kept(tmp_path)) == 1000, timeout_s=60)
        for sender in senders:
            sender.close()
        assert len(set(payloads(tmp_path))) == 1000


def test_a_sender_that_says_nothing_holds_nobody_up(tmp_path):
    with receiving(tmp_path) as running, connect(running), connect(running) as half:
        half.sendall(b"<34>hal")
        said(running, b"<34>whole\n")
        until(lambda: payloads(tmp_path) == [b"<34>whole"])


def test_too_many_connections_are_refused_and_counted(tmp_path):
    with receiving(tmp_path, connections=2, connections_per_source=2) as running:
        first, second = connect(running), connect(running)
        until(lambda: running.counters.get("connections") == 0 and _open(running) == 2)
        with connect(running, "127.0.0.9") as third:
            assert third.recv(1) == b""
        assert running.counters.get("connections_refused", "too_many") == 1
        first.close()
        until(lambda: _open(running) == 1)
        said(running, b"<34>now\n")
        until(lambda: payloads(tmp_path) == [b"<34>now"])
        second.close()


def _open(running):
    return running._streams._of_source.total()


def test_too_many_connections_of_one_source_leave_room_for_others(tmp_path):
    with receiving(tmp_path, connections_per_source=1) as running, connect(running):
        until(lambda: _open(running) == 1)
        with connect(running) as second:
            assert second.recv(1) == b""
        assert running.counters.get("connections_refused", "too_many_of_source") == 1
        said(running, b"<34>mine\n", source="127.0.0.9")
        until(lambda: payloads(tmp_path) == [b"<34>mine"])


def test_who_may_not_send_is_turned_away_and_told_of(tmp_path):
    with receiving(tmp_path, allowed_sources=["192.0.2.0/24"]) as running:
        with connect(running) as connection:
            assert connection.recv(1) == b""
        until(lambda: kept(tmp_path))
        (datagram,) = kept(tmp_path)
        assert (datagram.payload, datagram.source) == (b"", "127.0.0.1")
        assert running.counters.get("connections_refused", "source_not_allowed") == 1


# --- TLS ---------------------------------------------------------------------------------------------------------


def send_tls(running, context, octets):
    with connect(running) as plain, context.wrap_socket(plain, server_hostname="localhost") as secure:
        secure.sendall(octets)
        secure.unwrap().close()


def turned_away(running, context):
    """Whether the other end closes; TLS 1.3 says why only after the client is through with its handshake."""
    with connect(running) as plain, contextlib.suppress(ssl.SSLError, ConnectionError):
        secure = context.wrap_socket(plain, server_hostname="localhost")
        secure.sendall(b"<34>no\n")
        return secure.recv(1) == b""
    return True


def test_lines_over_tls_are_kept_as_such(tmp_path, pki):
    with receiving(tmp_path, tcp=(), **tls_settings(pki)) as running:
        send_tls(running, client(pki), b"7 <34>one<34>two\n")
        until(lambda: len(kept(tmp_path)) == 2)
        assert {one.transport for one in kept(tmp_path)} == {Transport.SYSLOG_TLS}


def test_plain_text_at_the_tls_port_is_a_failed_handshake(tmp_path, pki):
    with receiving(tmp_path, tcp=(), **tls_settings(pki)) as running:
        said(running, b"<34>one\n")
        until(lambda: running.counters.get("connections_refused", "handshake") == 1)
        assert kept(tmp_path) == []
        send_tls(running, client(pki), b"<34>two\n")
        until(lambda: payloads(tmp_path) == [b"<34>two"])


def test_a_handshake_that_never_ends_holds_nobody_up(tmp_path, pki):
    with receiving(tmp_path, tcp=(), **tls_settings(pki)) as running, connect(running) as slow:
        slow.sendall(b"\x16\x03")
        send_tls(running, client(pki), b"<34>one\n")
        until(lambda: payloads(tmp_path) == [b"<34>one"])


def test_a_client_certificate_is_demanded_where_the_settings_do(tmp_path, pki):
    with receiving(tmp_path, tcp=(), **tls_settings(pki, tls_client_ca_file=pki.ca.cert_file)) as running:
        for identity in (None, pki.self_made):
            assert turned_away(running, client(pki, identity))
        until(lambda: running.counters.get("connections_refused", "handshake") == 2)
        send_tls(running, client(pki, pki.rt1), b"<34>yes\n")
        until(lambda: payloads(tmp_path) == [b"<34>yes"])


def test_only_the_names_listed_are_let_in(tmp_path, pki):
    names = tls_settings(pki, tls_client_ca_file=pki.ca.cert_file, tls_client_names=["*.Example.net"])
    with receiving(tmp_path, tcp=(), **names) as running:
        assert turned_away(running, client(pki, pki.stranger))
        until(lambda: running.counters.get("connections_refused", "client_name") == 1)
        send_tls(running, client(pki, pki.rt1), b"<34>yes\n")
        until(lambda: payloads(tmp_path) == [b"<34>yes"])


@pytest.mark.parametrize(
    ("key", "broken"), [("tls_cert_file", "missing"), ("tls_key_file", "missing"), ("tls_key_file", "foreign")]
)
def test_a_certificate_that_cannot_be_used_ends_the_start(tmp_path, pki, key, broken):
    path = tmp_path / "nothing.pem" if broken == "missing" else pki.rt1.key_file
    with pytest.raises(ConfigError, match=key), receiving(tmp_path, tcp=(), **tls_settings(pki) | {key: path}):
        pass


def test_a_renewed_certificate_is_used_without_a_restart(tmp_path, pki):
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    shutil.copy(pki.self_made.cert_file, cert)
    shutil.copy(pki.self_made.key_file, key)
    with receiving(tmp_path, tcp=(), tls=ANY, tls_cert_file=cert, tls_key_file=key) as running:
        with pytest.raises(ssl.SSLError):
            send_tls(running, client(pki), b"<34>no\n")
        shutil.copy(pki.server.cert_file, cert)
        shutil.copy(pki.server.key_file, key)
        renewed = threading.Event()
        running._streams._renewed = []  # the copy may bear the time of what it replaced
        running._streams._loop.call_soon_threadsafe(running._streams._renew)
        running._streams._loop.call_soon_threadsafe(renewed.set)
        assert renewed.wait(20)
        send_tls(running, client(pki), b"<34>yes\n")
        until(lambda: payloads(tmp_path) == [b"<34>yes"])


# --- load balancers ----------------------------------------------------------------------------------------------


def header(address="203.0.113.7"):
    addresses = socket.inet_aton(address) + socket.inet_aton("192.0.2.1") + (5000).to_bytes(2) + (514).to_bytes(2)
    return SIGNATURE + bytes([0x21, 0x11]) + len(addresses).to_bytes(2) + addresses


def test_lines_behind_a_load_balancer_keep_who_sent_them(tmp_path):
    with receiving(tmp_path, proxy_from=["127.0.0.1/32"]) as running:
        whole = header() + b"<34>one\n<34>two\n"
        said(running, whole[:5], whole[5:])
        until(lambda: len(kept(tmp_path)) == 2)
        inner = [unwrap(one, running._settings.syslog.proxy_from) for one in kept(tmp_path)]
        assert [(one.datagram.source, one.datagram.payload, one.proxy) for one in inner] == [
            ("203.0.113.7", b"<34>one", "127.0.0.1"),
            ("203.0.113.7", b"<34>two", "127.0.0.1"),
        ]


def test_lines_over_tls_behind_a_load_balancer_do_too(tmp_path, pki):
    with receiving(tmp_path, tcp=(), **tls_settings(pki, proxy_from=["127.0.0.1/32"])) as running:
        with connect(running) as plain:
            plain.sendall(header())
            with client(pki).wrap_socket(plain, server_hostname="localhost") as secure:
                secure.sendall(b"<34>one\n")
                secure.unwrap()
        until(lambda: kept(tmp_path))
        (one,) = kept(tmp_path)
        assert unwrap(one, running._settings.syslog.proxy_from).datagram.source == "203.0.113.7"


def test_a_header_that_never_ends_is_given_up(tmp_path):
    with receiving(tmp_path) as running:
        said(running, header()[:20])
        until(lambda: running.counters.get("connections_refused", "broken") == 1)


# --- back-pressure, and the end ----------------------------------------------------------------------------------


def test_while_the_spool_refuses_nothing_is_read_and_nothing_is_lost(tmp_path, monkeypatch):
    """The appender holds traps for five seconds and then counts them as lost; lines of connections it keeps."""
    monkeypatch.setattr("fannel.intake.receiver.appender.HOLD_S", 0.3)
    with receiving(tmp_path) as running:
        writer = running._spool._writer
        real = writer.append
        refusing = True

        def append(batch, *, durable):
            if refusing:
                raise SpoolFullError(tmp_path, "full", "make room")
            return real(batch, durable=durable)

        monkeypatch.setattr(writer, "append", append)
        with connect(running) as connection:
            connection.sendall(b"<34>held\n")
            until(lambda: running._spool.trouble is not None and not running._streams._reading)
            connection.setblocking(False)
            sent = _until_it_blocks(connection)
            time.sleep(1)  # longer than traps are held
            assert running._buffer.filled < 0.5
            refusing = False
            until(lambda: running._streams._reading)
            connection.settimeout(30)
            connection.sendall(b"end\n")
        until(lambda: any(payload.endswith(b"end") for payload in payloads(tmp_path)), timeout_s=60)
        assert payloads(tmp_path)[0] == b"<34>held"
        assert sum(len(payload) + 1 for payload in payloads(tmp_path)) == sent + len(b"<34>held\n") + len(b"end\n")
        assert running.counters.get("lost") == 0
        assert running.counters.get("stream_pauses") == 1


def _until_it_blocks(connection):
    sent, deadline = 0, time.monotonic() + 20
    line = (b"<34>" + b"x" * 995 + b"\n") * 64
    while time.monotonic() < deadline:
        try:
            sent += connection.send(line[sent % 1000 :])
        except BlockingIOError:
            time.sleep(0.3)  # the other end may still be taking
            try:
                sent += connection.send(line[sent % 1000 :])
            except BlockingIOError:
                return sent
    raise AssertionError("it was read without end")


def test_what_was_sent_before_the_end_is_kept(tmp_path):
    with receiving(tmp_path) as running:
        with connect(running) as connection:
            connection.sendall(b"".join(b"<34>%d\n" % number for number in range(5000)) + b"<34>half")
            until(lambda: running.counters.get("connections") == 1)
            running.stop()
        assert payloads(tmp_path) == [*(b"<34>%d" % number for number in range(5000)), b"<34>half"]


def test_traps_come_in_beside_them(tmp_path):
    with receiving(tmp_path) as running:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(trap(), running.listeners[0].address)
        said(running, b"<34>one\n")
        until(lambda: len(kept(tmp_path)) == 2)
        assert {one.transport for one in kept(tmp_path)} == {Transport.SNMP_UDP, Transport.SYSLOG_TCP}


def test_its_health_tells_of_connections(tmp_path):
    with receiving(tmp_path) as running, connect(running) as connection:
        connection.sendall(b"<34>one\n")
        until(lambda: kept(tmp_path))
        vitals = {vital.name.partition(" 127")[0]: vital for vital in running.vitals()}
        assert vitals["socket syslog tcp"].ok
        assert vitals["connections"].detail == "1 open"
        assert "connections" in {vital.name for vital in running.alive()}


# --- canaries ----------------------------------------------------------------------------------------------------


def soon(condition):
    until(condition, timeout_s=60)  # one goes every second, on a machine that may have other things to do


def canary(running):
    (vital,) = [vital for vital in running.vitals() if vital.name == "canary"]
    return vital


def test_canaries_come_over_connections_too_whoever_may_send(tmp_path, pki):
    """Client certificates are demanded, of others, and nobody of this machine may send: it is not about those."""
    demanded = {"tls_client_ca_file": pki.ca.cert_file, "tls_client_names": ("rt1.example.net",)}
    with receiving(
        tmp_path, canary_every_s=0.2, allowed_sources=("192.0.2.0/24",), connections=1, **tls_settings(pki, **demanded)
    ) as running:
        ways = {Transport.SNMP_UDP, Transport.SYSLOG_TCP, Transport.SYSLOG_TLS}
        soon(lambda: {one.transport for one in spooled(tmp_path)} == ways)
        soon(lambda: canary(running).ok)
        assert f"syslog tls 127.0.0.1:{running.stream_listeners[1].address.port}" in canary(running).detail
        soon(lambda: sum(one.transport is Transport.SYSLOG_TLS for one in spooled(tmp_path)) > 2)
        assert {one.note for one in spooled(tmp_path)} == {Note.CANARY}
        assert running.counters.get("connections_taken") == 0, "of devices"
        assert running.counters.get("connections_refused") == 0


def test_where_no_connection_is_taken_the_canary_says_which_way_is_broken(tmp_path, monkeypatch):
    async def _never(_streams, _listener):
        await asyncio.Event().wait()

    monkeypatch.setattr("fannel.intake.receiver.streams.Streams._accept", _never)
    with receiving(tmp_path, canary_every_s=0.2) as running:
        soon(lambda: "sent, but not read" in canary(running).detail)
        assert not canary(running).ok
        assert f"none sent to syslog tcp 127.0.0.1:{port(running)} reached the spool" in canary(running).detail


def test_a_handshake_that_fails_is_said_by_the_canary(tmp_path, pki):
    with receiving(tmp_path, tcp=(), **tls_settings(pki)) as running:
        running._streams._contexts[True].minimum_version = ssl.TLSVersion.TLSv1_3
        running._streams._canaries._context.maximum_version = ssl.TLSVersion.TLSv1_2
        told = []
        assert running._streams.send_canary(running.stream_listeners[0], b"{}", told.append)
        soon(lambda: len(told) > 1)
        assert told[-1].startswith("it cannot be sent: the handshake failed (")
        soon(lambda: running._streams.send_canary(running.stream_listeners[0], b"{}", told.append))


def test_while_the_spool_refuses_one_canary_waits_and_comes_through_afterwards(tmp_path, monkeypatch):
    with receiving(tmp_path, canary_every_s=0.05) as running:
        soon(lambda: canary(running).ok)
        writer = running._spool._writer
        real, refusing, most = writer.append, True, 0

        def append(batch, *, durable):
            if refusing:
                raise SpoolFullError(tmp_path, "full", "make room")
            return real(batch, durable=durable)

        monkeypatch.setattr(writer, "append", append)
        soon(lambda: not running._streams._reading)
        for _ in range(40):
            time.sleep(0.05)
            most = max(most, len(running._streams._connections))
        assert most <= 1
        before = running.counters.get("canaries")
        refusing = False
        soon(lambda: running.counters.get("canaries") > before + 4)
    assert kept(tmp_path) == [], "none of them is taken for a line of a device"
