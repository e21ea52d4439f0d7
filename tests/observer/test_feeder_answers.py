"""Confirmations come as they come: many in one read, or a line in pieces."""

import os
import threading
from datetime import UTC, datetime

from fannel.intake.counters import Counters
from fannel.observer.feeder import Feeder


class Custody:
    """Who is told what was confirmed."""

    def __init__(self):
        self.confirmed = []
        self.seen = threading.Condition()
        self.closed = False

    def confirm(self, *ids):
        with self.seen:
            self.confirmed += ids
            self.seen.notify_all()

    def close(self):
        self.closed = True


def test_lines_are_put_together_again_and_the_end_is_the_end():
    custody = Custody()
    answers, rules = os.pipe()
    with os.fdopen(answers, "rb") as stream:
        feeder = Feeder(custody, None, None, stream, Counters(), now=lambda: datetime.now(UTC))
        listening = threading.Thread(target=feeder.listen)
        listening.start()
        os.write(rules, b"first\nsecond\nthi")
        with custody.seen:
            assert custody.seen.wait_for(lambda: custody.confirmed == ["first", "second"], 10)
        os.write(rules, b"rd\n")
        os.close(rules)
        listening.join(10)
    assert custody.confirmed == ["first", "second", "third"]
    assert custody.closed
