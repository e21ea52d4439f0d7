"""Answers to informs: judged when they come, sent once they are on disk, from the socket and the address they came to.

`Answers` is what the receiver needs of `fannel.intake.answerer.Answerer`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from fannel import logs

if TYPE_CHECKING:
    from collections.abc import Callable

    from fannel.intake.answerer import Judgement
    from fannel.intake.counters import Counters
    from fannel.intake.datagram import Datagram
    from fannel.intake.listen import Listener

log = logs.Logger("fannel.receiver")


class Answers(Protocol):
    """Who judges. For one thread."""

    def concerns(self, payload: bytes) -> bool:
        """Whether it might want an answer; asked of every datagram."""

    def judge(self, datagram: Datagram) -> Judgement:
        """What to do with one that might. Never raises."""


class Asking(NamedTuple):
    """An inform that waits for its Response until it is on disk; `place` is where it stands in the batch."""

    place: int
    datagram: Datagram
    listener: Listener
    arrival: bytes
    respond: Callable[[], bytes]


def acknowledge(asking: Asking, counters: Counters) -> None:
    """Answer an inform. A sender that cannot be reached is its own problem: it repeats itself."""
    try:
        response = asking.respond()
    except Exception:
        # A defect of ours; the inform is in the spool, and its sender repeats it.
        log.exception("an inform could not be answered", source=asking.datagram.source)
        counters.add("acknowledgements_failed")
        return
    sent = asking.listener.send(response, asking.datagram.source, asking.datagram.source_port, asking.arrival)
    counters.add("acknowledged" if sent else "acknowledgements_failed")


def report(listener: Listener, datagram: Datagram, arrival: bytes, reply: bytes, counters: Counters) -> None:
    """Tell the sender of an SNMPv3 message why it was not accepted. Who forged its address cannot be told."""
    sent = listener.send(reply, datagram.source, datagram.source_port, arrival)
    counters.add("reports_sent" if sent else "reports_failed")
