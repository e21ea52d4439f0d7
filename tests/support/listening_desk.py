"""A desk that notes what it is told, and what the tests of the listener wait with."""

from __future__ import annotations

import threading
import time

WAIT_S = 60
CHANNEL = "C0ALERTS01"


class NotingDesk:
    """Notes what it hears; waits while `slow` is set to an event, and fails as often as `failures` says."""

    def __init__(self):
        self.heard = []
        self.gate = threading.Event()
        self.gate.set()
        self.failures = 0

    def _note(self, heard):
        self.gate.wait(WAIT_S)
        if self.failures > 0:
            self.failures -= 1
            raise RuntimeError("the desk stumbles")
        self.heard.append(heard)

    said = clicked = commanded = _note

    def gave_up(self, heard):
        raise AssertionError(f"given up: {heard}")

    @property
    def texts(self):
        return [heard.text for heard in self.heard]


def until(condition, what="what was waited for"):
    """Wait for it, as long as a busy machine may take."""
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, f"{what} never came"
        time.sleep(0.02)


def well(listener):
    """Whether it is connected and through with a look at the history."""
    connected = vital(listener, "slack socket").detail == "connected"
    return connected and vital(listener, "slack history").detail.startswith("read ")


def vital(listener, name):
    """What it says of one part of it."""
    return next(vital for vital in listener.ready() if vital.name == name)


def promised(slack, kind):
    """The acks after which a click or a command is done, come what may.

    Who gets no ack is told so. An ack that had to go out before the record was written promises nothing: it took a
    second.
    """
    return [ack for ack in slack.sockets.acks if ack.envelope.kind == kind and ack.after_s < 0.9]
