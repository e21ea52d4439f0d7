"""The second half of the observer: feeds the rule engine through a pipe, and acknowledges what the rules have.

Lines of JSON go out, ids of events that the rule engine has come back. The end of what comes back is the end of the
process on the other side, whatever ended it.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, BinaryIO

from fannel import logs
from fannel.event import neutral_line
from fannel.intake.spool import SpoolError
from fannel.intake.vital import Heartbeat

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from fannel.event import Event, Json
    from fannel.intake.counters import Counters
    from fannel.intake.spool import SpoolReader
    from fannel.observer.custody import Custody

log = logs.Logger("fannel.observer")

ACKNOWLEDGE_EVERY_S = 0.5
STALLED_AFTER_S = 60.0
_MOST_READ = 65_536


class Feeder:
    """`run()` sends until custody is closed; `listen()` takes the confirmations, in a thread of its own."""

    def __init__(
        self,
        custody: Custody,
        spool: SpoolReader,
        rules: BinaryIO,
        answers: BinaryIO,
        counters: Counters,
        *,
        now: Callable[[], datetime],
        clock: Callable[[], float] = time.monotonic,
        silenced: Callable[[Event | Json], Event | Json] = lambda event: event,
    ) -> None:
        """`silenced` says of what goes to the rules whether it is silenced now, whatever it was when it came."""
        self._silenced = silenced
        self._custody = custody
        self._spool = spool
        self._rules = rules
        self._answers = answers
        self._counters = counters
        self._now = now
        self._clock = clock
        self._acknowledge_at = 0.0
        self._reason = ""
        self.heartbeat = Heartbeat("feeding the rules", STALLED_AFTER_S, clock)

    def run(self) -> None:
        """Feed the rules until the end; then acknowledge what they have."""
        try:
            while not self._custody.closed:
                self.step()
        except OSError as error:
            log.error("cannot reach the event source", reason=error.strerror or str(error))
        finally:
            self._custody.close()
            self.acknowledge()

    def step(self) -> None:
        """Send what there is room for, acknowledge when it is time, and wait for more."""
        self.heartbeat.beat()
        if taken := self._custody.take(self._now()):
            self._rules.write(b"".join(map(self._line, taken)))
            self._rules.flush()
        elif self._clock() < self._acknowledge_at:
            self._custody.wait_news(self._now(), self._acknowledge_at - self._clock())
        if self._clock() >= self._acknowledge_at:
            self.acknowledge()
            self._acknowledge_at = self._clock() + ACKNOWLEDGE_EVERY_S

    def _line(self, event: Event | Json) -> bytes:
        try:
            return line(self._silenced(event))
        except Exception:
            # A defect of ours: the event is on record, and read again it would fail again.
            event_id = event["id"] if isinstance(event, dict) else event.id
            log.exception("an event could not be told", event_id=event_id)
            self._counters.add("defects", "telling")
            self._custody.confirm(event_id)
            return b""

    def listen(self) -> None:
        """Take confirmations until the other side is gone."""
        try:
            rest = b""
            while some := os.read(self._answers.fileno(), _MOST_READ):
                *lines, rest = (rest + some).split(b"\n")
                self._custody.confirm(*(line.decode("ascii", "replace").strip() for line in lines))
        except (OSError, ValueError) as error:  # ValueError: closed by this very process, at its end
            log.info("no more confirmations", reason=str(error))
        self._custody.close()

    def acknowledge(self) -> None:
        """Give back to the spool what the rules have or will not get. What cannot be, waits for the next time."""
        done = self._custody.to_acknowledge()
        if not done:
            return
        try:
            self._spool.acknowledge(done)
        except SpoolError as error:
            self._counters.add("spool_errors")
            if self._reason != str(error):
                log.error("cannot acknowledge, trying again", reason=str(error), waiting=len(done))
            self._reason = str(error)
            return
        self._reason = ""
        self._custody.acknowledged(len(done))


def line(event: Event | Json) -> bytes:
    """One event as rules may see it: the single place where every string of it is made harmless."""
    return (neutral_line(event) if isinstance(event, dict) else event.to_line()).encode() + b"\n"
