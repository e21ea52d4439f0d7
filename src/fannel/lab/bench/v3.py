"""Row `v3`: SNMPv3 traps verified and decoded per second of CPU, FANNEL's receiver beside pysnmp's, the same datagrams.

Both check the user, the authentication code and the time window, decrypt, and read every varbind: FANNEL by
`V3Receiver.receive`, pysnmp by the message processing model that its dispatcher calls for a datagram. Rounds of the
two alternate, so that a noisy machine is noisy for both. No trap comes twice to one receiver, as FANNEL refuses that
(pysnmp does not look), so every round of FANNEL has a new receiver, made before the time is taken, keys and all.
"""

from __future__ import annotations

import gc
import ipaddress
import statistics
import time
from typing import TYPE_CHECKING, Any, Final

from fannel.lab.bench.datagrams import LINK_DOWN, varbinds
from fannel.lab.bench.figure import Figure
from fannel.lab.bench.pysnmp_receiver import installed
from fannel.wire.engine import LocalEngine
from fannel.wire.usm import UsmUser
from fannel.wire.usm_keys import AuthProtocol, PrivProtocol
from fannel.wire.v3_receiver import Accepted, V3Receiver
from fannel.wire.v3_sender import V3Sender

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fannel.lab.bench.bench import Bench

    Take = Callable[[bytes, str], None]

REQUIRED, REQUIRED_MULTIPLE = 15_000, 25
ROUNDS = 5
DEVICES = 20
TRAPS = 8_000
TRAPS_PYSNMP = 200
OURS: Final = bytes.fromhex("80000000046f757273656c7665730000")
# The two passwords are the bench's own: nothing is guarded by them.
_AUTH_PASSWORD, _PRIV_PASSWORD = "authpass123", "privpass123"
_NOW = 1000.0


def engine_id(device: int) -> bytes:
    """The engine of device number `device`."""
    return bytes.fromhex("8000000004") + b"device%02d" % device


def user_of(auth: AuthProtocol, priv: PrivProtocol | None) -> UsmUser:
    """A user of any of the devices' engines."""
    return UsmUser(
        name="collector",
        auth_protocol=auth,
        auth_password=_AUTH_PASSWORD,
        priv_protocol=priv,
        priv_password=_PRIV_PASSWORD if priv else None,
        sources=(ipaddress.ip_network("192.0.2.0/24"),),
    )


def traps(user: UsmUser, count: int) -> list[tuple[bytes, str]]:
    """Traps of DEVICES devices in turn, each with its own ids, uptime and salt, as on the wire; and their sources."""
    senders = [V3Sender(user, engine_id(device)) for device in range(DEVICES)]
    binds = varbinds(3)
    return [
        (
            senders[n % DEVICES].encode(
                LINK_DOWN,
                binds,
                boots=1,
                engine_time=1000 + n // 1000,
                message_id=n + 1,
                request_id=159_268_807 + n,
                uptime_ticks=26_985 + n,
            ),
            f"192.0.2.{n % DEVICES + 1}",
        )
        for n in range(count)
    ]


def receiver_of(user: UsmUser) -> Take:
    """FANNEL, with the keys of every device at hand."""
    receiver = V3Receiver([user], LocalEngine(OURS, boots=1, started=0.0))
    for datagram, source in traps(user, DEVICES):
        receiver.receive(datagram, source, _NOW)

    def receive(datagram: bytes, source: str) -> None:
        outcome = receiver.receive(datagram, source, _NOW)
        if not isinstance(outcome, Accepted):
            raise TypeError(outcome)

    return receive


def pysnmp_receiver_of(user: UsmUser) -> Take:
    """pysnmp, with the same keys (SHA-256 and AES-128)."""
    from pysnmp.carrier.asyncio.dgram import udp  # noqa: PLC0415
    from pysnmp.entity import config, engine  # noqa: PLC0415
    from pysnmp.proto.api import v2c  # noqa: PLC0415

    class NoSockets:
        """What pysnmp asks its transport for although nothing is sent."""

        def get_timer_resolution(self) -> float:
            return 1.0

    snmp: Any = engine.SnmpEngine(v2c.OctetString(OURS))
    snmp.transport_dispatcher = NoSockets()
    for device in range(DEVICES):
        auth, priv = config.USM_AUTH_HMAC192_SHA256, config.USM_PRIV_CFB128_AES
        keys = (auth, user.auth_password, priv, user.priv_password)
        config.add_v3_user(snmp, user.name, *keys, securityEngineId=v2c.OctetString(engine_id(device)))
    model = snmp.message_processing_subsystems[3]

    def receive(datagram: bytes, source: str) -> None:
        elements = model.prepare_data_elements(snmp, udp.DOMAIN_NAME, (source, 162), datagram)
        if elements[11]:  # what a Report would say
            raise TypeError(elements[11])
        v2c.apiPDU.get_varbinds(elements[7])

    return receive


def per_second(receive: Take, work: Sequence[tuple[bytes, str]]) -> float:
    """How many of them it takes in a second of CPU time."""
    start = time.process_time()
    for datagram, source in work:
        receive(datagram, source)
    return len(work) / (time.process_time() - start)


def measure(bench: Bench) -> list[Figure]:
    """FANNEL's rate per core and how many times pysnmp's it is."""
    user = user_of(AuthProtocol.SHA256, PrivProtocol.AES128)
    work = traps(user, TRAPS + DEVICES)[DEVICES:]
    theirs = pysnmp_receiver_of(user) if installed() else None
    ours_rates, their_rates = [], []
    # Neither pays for collecting the garbage of the other, whose objects it would not have beside it.
    gc.collect()
    gc.freeze()
    for round_ in range(ROUNDS):
        bench.say(f"round {round_ + 1} of {ROUNDS}")
        ours_rates.append(per_second(receiver_of(user), work))
        if theirs is not None:
            their_rates.append(per_second(theirs, work[:TRAPS_PYSNMP]))
    gc.unfreeze()
    ours = statistics.median(ours_rates)
    facts = {"rounds": [round(rate) for rate in ours_rates], "octets": len(work[0][0])}
    figures = [
        Figure(
            *("v3", "authPriv SHA-256/AES-128 verified and decoded, per core", ours, "/s", REQUIRED),
            beside=f"median of {ROUNDS} rounds, best {max(ours_rates):,.0f}/s",
            facts=facts,
        )
    ]
    if not their_rates:
        figures.append(
            Figure("v3", "× pysnmp", None, "×", REQUIRED_MULTIPLE, beside="pysnmp is not installed (pip: pysnmp)")
        )
        return figures
    peer = statistics.median(their_rates)
    figures.append(
        Figure(
            *("v3", "× pysnmp", round(ours / peer, 1), "×", REQUIRED_MULTIPLE),
            beside=f"pysnmp verifies and decodes {peer:,.0f}/s",
            facts={"peer": "pysnmp", "peer_per_second": round(peer)},
        )
    )
    return figures
