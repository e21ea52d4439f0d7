"""`python -m fannel.lab.bench.sender`: traps to a port of loopback, as fast as asked, in a process of their own.

It says `ready` once everything is prebuilt, sends on the next line of its input, and says what it sent and when
(monotonic clock, which all processes of a machine share).
"""

from __future__ import annotations

import argparse
import itertools
import socket
import sys
import time

from fannel.lab.bench.child import answer
from fannel.lab.bench.datagrams import device_address, link_downs
from fannel.lab.bench.pacing import pace


class Devices:
    """Devices on addresses of their own, every interface of every one of them in turn."""

    def __init__(self, port: int, devices: int, interfaces: int) -> None:
        self._sockets = [_socket(device_address(n), port) for n in range(devices)]
        traps = link_downs(interfaces)
        # All devices before the next interface: neighbours in time are of different devices.
        self._turns = itertools.cycle([(sock.send, trap) for trap in traps for sock in self._sockets])
        self.refused = 0

    def send(self, count: int) -> None:
        """Send the next so many."""
        for send, trap in itertools.islice(self._turns, count):
            try:
                send(trap)
            except OSError:  # nobody listens (any more): it is sent and lost all the same
                self.refused += 1


def _socket(address: str, port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind((address, 0))
    made.connect(("127.0.0.1", port))
    return made


def main() -> None:
    """Prebuild, wait for the word, send, say."""
    parser = argparse.ArgumentParser(prog="python -m fannel.lab.bench.sender")
    parser.add_argument("port", type=int)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--rate", type=float, help="traps a second; back to back unless told")
    parser.add_argument("--devices", type=int, default=1)
    parser.add_argument("--interfaces", type=int, default=100)
    given = parser.parse_args()
    devices = Devices(given.port, given.devices, given.interfaces)
    answer(ready=True)
    # A line is a batch to send: "GO" all of it, a number so many. The end of input ends the process.
    left = given.count
    for line in sys.stdin:
        wanted = min(left, int(line)) if line.strip().isdigit() else left
        first, spent = time.monotonic(), time.process_time()
        sent = pace(devices.send, wanted, given.rate)
        last, spent = time.monotonic(), time.process_time() - spent
        answer(sent=sent, first=first, last=last, refused=devices.refused, cpu_s=spent)
        left -= sent
        if not left:
            return


if __name__ == "__main__":
    main()
