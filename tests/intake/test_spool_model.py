"""The spool does what a plain list would do, whatever is asked of it in whatever order."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from spooling import Hands, datagram, is_info, reader, writer

from fannel.intake.spool import SpoolId
from fannel.intake.spool.batches import octets_of
from fannel.intake.spool.packing import pack, pack_positions

OCTETS = 12_000
AGE_S = 1000
SIZE = 300


class Batch:
    """A batch of the model: its time, and position → (datagram, handled)."""

    def __init__(self, at, batch):
        self.at = at
        self.left = dict(enumerate(batch))
        self.handled = set()
        self.whole = True

    @property
    def octets(self):
        positions = None if self.whole else pack_positions(list(self.left))
        return octets_of(pack(list(self.left.values())), positions)

    def unhandled(self):
        return {position: found for position, found in self.left.items() if position not in self.handled}


class SpoolMachine(RuleBasedStateMachine):
    @initialize()
    def begin(self):
        self.directory = Path(tempfile.mkdtemp(prefix="spool"))
        self.hands = Hands()
        self.model = {}
        self.count = 0
        self.open()

    def open(self):
        # Spool time: from the clock, or from the newest row if that is later, and then with the monotonic clock.
        newest = max((batch.at for batch in self.model.values()), default=0.0)
        self.started = (max(self.hands.wall, newest), self.hands.monotonic)
        self.writer = writer(self.directory, hands=self.hands, octets=OCTETS, age_s=AGE_S)
        self.reader = reader(self.directory)

    def now(self):
        spool_time, monotonic = self.started
        return spool_time + (self.hands.monotonic - monotonic)

    def teardown(self):
        if hasattr(self, "directory"):
            self.writer.close()
            self.reader.close()
            shutil.rmtree(self.directory)

    # --- the model ---

    def clear(self):
        for number, batch in list(self.model.items()):
            if not batch.unhandled():
                del self.model[number]
        aged = 0
        for number, batch in list(self.model.items()):
            if self.now() - batch.at <= AGE_S:
                break
            aged += len(batch.unhandled())
            del self.model[number]
        return aged

    def make_room(self, wanted):
        infos = others = 0
        for number, batch in list(self.model.items()):
            if self.octets() <= wanted:
                break
            kept = {p: d for p, d in batch.unhandled().items() if not is_info(d)}
            gone = len(batch.unhandled()) - len(kept)
            infos += gone
            if not kept:
                # Nothing left of it, unless there was nothing to take: then it stays until it goes whole.
                if gone:
                    del self.model[number]
            elif gone:
                batch.left, batch.handled, batch.whole = kept, set(), False
        for number, batch in list(self.model.items()):
            if self.octets() <= wanted:
                break
            others += len(batch.unhandled())
            del self.model[number]
        return infos, others

    def octets(self):
        return sum(batch.octets for batch in self.model.values())

    # --- what is done to both ---

    @rule(kinds=st.lists(st.sampled_from([b"info", b"raise"]), min_size=1, max_size=8), durable=st.booleans())
    def append(self, kinds, durable):
        batch = [datagram(kind + b"%06d" % (self.count + n) + bytes(SIZE)) for n, kind in enumerate(kinds)]
        self.count += len(batch)
        self.hands.monotonic += 0.06
        aged = self.clear()
        new = Batch(self.now(), batch)
        infos, others = self.make_room(OCTETS - new.octets)
        receipt = self.writer.append(batch, durable=durable)
        expected = {"spool_age": aged, "spool_full_info": infos, "spool_full": others}
        assert {lost.reason: lost.datagrams for lost in receipt.lost} == {k: n for k, n in expected.items() if n}
        assert not self.model or receipt.batch > max(self.model)
        self.model[receipt.batch] = new

    @rule(data=st.data())
    def acknowledge(self, data):
        everything = [(n, p) for n, batch in self.model.items() for p in batch.left]
        if everything:
            chosen = data.draw(st.lists(st.sampled_from(everything), max_size=20))
            self.reader.acknowledge(SpoolId(*found) for found in chosen)
            for number, position in chosen:
                self.model[number].handled.add(position)

    @rule(seconds=st.sampled_from([1, 300, 900]), jump=st.sampled_from([0, -3600, 3600]))
    def time_passes(self, seconds, jump):
        self.hands.monotonic += seconds
        self.hands.wall += seconds + jump

    @rule()
    def tidy(self):
        aged = self.clear()
        assert sum(lost.datagrams for lost in self.writer.tidy().lost) == aged
        assert self.writer.octets() == self.octets()
        assert self.writer.depth() == sum(len(batch.unhandled()) for batch in self.model.values())

    @rule()
    def restart_the_reader(self):
        self.reader.close()
        self.reader = reader(self.directory)

    @rule()
    def restart_the_writer(self):
        self.writer.close()
        self.reader.close()
        self.open()

    @rule(most=st.integers(1, 7))
    def read_in_pieces(self, most):
        after, found = None, []
        while some := self.reader.read(after, most):
            assert len(some) <= most
            found += some
            after = some[-1].id
        assert found == list(self.reader.read(None, 10_000))

    @invariant()
    def it_holds_what_the_model_holds(self):
        if not hasattr(self, "directory"):
            return
        expected = [((n, p), d) for n, batch in self.model.items() for p, d in batch.unhandled().items()]
        found = [((s.id.batch, s.id.position), s.datagram) for s in self.reader.read(None, 10_000)]
        assert found == expected
        assert self.reader.depth() == len(expected)
        assert self.writer.octets() <= OCTETS
        assert self.reader.wait(None, 0) == bool(expected)


SpoolMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestSpoolIsAList = SpoolMachine.TestCase
