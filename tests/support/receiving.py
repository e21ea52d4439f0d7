"""A receiver on free loopback ports with a spool of its own, in this process or as the real one."""

from __future__ import annotations

import os
import socket
import subprocess
import sysconfig
import time
from contextlib import contextmanager
from pathlib import Path

from fannel.config import Health, Receiver, Settings, Spool, Trap
from fannel.config.address import Address
from fannel.intake.answerer import Answerer
from fannel.intake.receiver import receiver
from fannel.intake.spool import open_reader
from fannel.wire.encoder import encode_trap
from fannel.wire.varbind import ValueType, WireVarBind

LINK_DOWN, COLD_START = "1.3.6.1.6.3.1.1.5.3", "1.3.6.1.6.3.1.1.5.1"


def trap(n=0, oid=LINK_DOWN, **options):
    """A v2c notification that `n` tells from others."""
    varbinds = (WireVarBind("1.3.6.1.2.1.2.2.1.1.3", ValueType.INTEGER, 3),)
    return encode_trap(oid, varbinds, community=b"public", request_id=n + 1, **options)


def inform(n=0):
    return trap(n, pdu="inform")


def settings(directory, *hosts, canary_every_s=0, so_rcvbuf=2**20, **spool):
    listen = tuple(Address(host, 0) for host in hosts or ("127.0.0.1",))
    return Settings(
        trap=Trap(listen=listen, engine_file=directory / "engine.json"),
        receiver=Receiver(so_rcvbuf=so_rcvbuf),
        spool=Spool(directory=directory / "spool", **spool),
        health=Health(canary_every_s=canary_every_s),
    )


@contextmanager
def receiving(directory, *hosts, answers=None, buffer_octets=2**26, **options):
    """A running receiver, stopped at the end of the block."""
    running = receiver.Receiver(settings(directory, *hosts, **options), buffer_octets=buffer_octets)
    try:
        running.start(answers or Answerer.open(Trap(), running.counters))
        yield running
    finally:
        running.stop()


class Sender:
    """Sends to one listener, and hears its answers."""

    def __init__(self, to, port=None):
        host, port = to.address if port is None else (to, port)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.connect((host, port))
        self.socket.settimeout(10)

    def send(self, *payloads):
        for payload in payloads:
            self.socket.send(payload)

    def answer(self, timeout_s=10):
        """What came back, or None."""
        self.socket.settimeout(timeout_s)
        try:
            return self.socket.recv(65_535)
        except (TimeoutError, ConnectionRefusedError):
            return None


def until(condition, timeout_s=20):
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.01)


def spooled(directory):
    """All datagrams in the spool."""
    end = open_reader(directory / "spool")
    try:
        return [found.datagram for found in end.read(None, 1_000_000)]
    finally:
        end.close()


def payloads(directory):
    return [datagram.payload for datagram in spooled(directory)]


def start_process(directory, port, *options, host="127.0.0.1", environ=None, **popen):
    """`fannel receive`, as anyone starts it; its log goes to `receiver.log`."""
    fannel = Path(sysconfig.get_path("scripts")) / "fannel"
    command = [fannel, "receive", "--trap", f"{host}:{port}", "--spool", directory / "spool", *options]
    env = {name: value for name, value in os.environ.items() if not name.startswith("FANNEL_")} | (environ or {})
    with (directory / "receiver.log").open("ab") as log:
        return subprocess.Popen(command, stderr=log, cwd=directory, env=env, **popen)
