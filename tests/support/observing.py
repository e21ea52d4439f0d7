"""An observer in this process, between a spool that a test writes and a rule engine that a test plays."""

from __future__ import annotations

import json
import os
import queue
import threading
import time
from contextlib import closing
from datetime import UTC, datetime

from fannel.config import Trap
from fannel.directory.host_directory import HostDirectory
from fannel.incidents.store import Store
from fannel.intake.counters import Counters
from fannel.intake.datagram import Datagram, Note
from fannel.intake.noise import Noise
from fannel.intake.quiet import Quiet, QuietPolicy
from fannel.intake.refusals import Refusals
from fannel.intake.spool import open_reader, open_writer
from fannel.intake.storm import Storm, StormPolicy
from fannel.kinds.classify import Kinds
from fannel.naming.catalogue import Catalogue
from fannel.observer.custody import WINDOW, Custody
from fannel.observer.feeder import Feeder
from fannel.observer.recorder import Recorder
from fannel.observer.silencing import Silencing
from fannel.pipeline import Pipeline
from fannel.wire.encoder import encode_trap
from fannel.wire.varbind import ValueType, WireVarBind

LINK_DOWN, LINK_UP, COLD_START = (f"1.3.6.1.6.3.1.1.5.{n}" for n in (3, 4, 1))
CATALOGUE, KINDS = Catalogue.load(), Kinds.load()
OFF = QuietPolicy()
UNLIMITED = StormPolicy(window_s=0, source_limit=None)


def now():
    return datetime.now(UTC)


def link(oid=LINK_DOWN, *, index=3, name=None, source="192.0.2.1", at=None, note=Note.NONE, **options):
    """A datagram that says a link went down (or up)."""
    name = name or f"Gi0/{index}"
    varbinds = [
        WireVarBind(f"1.3.6.1.2.1.2.2.1.1.{index}", ValueType.INTEGER, index),
        WireVarBind(f"1.3.6.1.2.1.2.2.1.2.{index}", ValueType.OCTET_STRING, name.encode()),
    ]
    payload = encode_trap(oid, varbinds, **({"community": b"public"} | options))
    return Datagram(payload, source, 40_000, at or now(), note)


def noted(note, payload=b"", source="127.0.0.1"):
    return Datagram(payload, source, 40_000, now(), note)


class Observing:
    """Runs while the block lasts. What goes to the rules is read by `event()`, which confirms it unless told."""

    def __init__(self, folder, *, policy=UNLIMITED, quiet=OFF, window=WINDOW, store=None, **parts):
        self.directory = folder / "spool"
        self.store = store or Store.open(f"sqlite:///{folder}/fannel.sqlite3")
        self.counters = Counters()
        self.custody = Custody(Storm(policy), window=window)
        self.spool = open_reader(self.directory)
        pipeline = Pipeline(
            trap=Trap(),
            catalogue=CATALOGUE,
            kinds=parts.get("kinds", KINDS),
            directory=HostDirectory(None),
            store=self.store,
            refusals=Refusals(),
        )
        noise = Noise(*parts["noise"]) if "noise" in parts else None
        self.silencing = Silencing(self.store, self.custody.ask_again, self.counters, now)
        self.recorder = Recorder(
            self.spool,
            pipeline,
            Quiet(quiet),
            self.custody,
            self.counters,
            now=now,
            noise=noise,
            silenced=self.silencing.marked,
            prepare=self.silencing.look,
        )
        # The rules' end of each pipe, and ours.
        told, rules = os.pipe()
        answers, self._confirm = os.pipe()
        self._rules = os.fdopen(rules, "wb")
        self._answers = os.fdopen(answers, "rb")
        self.feeder = Feeder(
            self.custody,
            self.spool,
            self._rules,
            self._answers,
            self.counters,
            now=now,
            silenced=self.silencing.asked,
        )
        self._told = os.fdopen(told, "rb")
        self._events: queue.SimpleQueue = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=work, daemon=True)
            for work in (self.recorder.run, self.feeder.run, self.feeder.listen, self._read)
        ]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        """As when the source ends: the pipe of confirmations does."""
        os.close(self._confirm)
        for thread in self._threads[:3]:
            thread.join(20)
            assert not thread.is_alive()
        self._rules.close()
        self._threads[3].join(20)
        self._told.close()
        self._answers.close()
        self.spool.close()
        self.store.close()

    def receive(self, *datagrams):
        """Append to the spool, as a receiver does."""
        with closing(open_writer(self.directory, is_info=lambda _: False)) as writer:
            writer.append(datagrams, durable=False)

    def event(self, *, confirm=True, timeout_s=60):
        event = self._events.get(timeout=timeout_s)
        if confirm:
            self.confirm(event)
        return event

    def confirm(self, event):
        os.write(self._confirm, event["id"].encode() + b"\n")

    def silent(self, for_s=1.0):
        """Whether nothing is told for so long."""
        try:
            self._events.get(timeout=for_s)
        except queue.Empty:
            return True
        return False

    def depth(self):
        """How many datagrams are not acknowledged."""
        return self.spool.depth()

    def waiting(self):
        """How many events the storm holds."""
        return sum(1 for _ in self.custody._storm.holding())

    def until(self, seen, timeout_s=60):
        deadline = time.monotonic() + timeout_s
        while not seen():
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def counts(self):
        return {f"{name}.{reason}" if reason else name: n for (name, reason), n in self.custody.counts().items() if n}

    def _read(self):
        for line in self._told:
            self._events.put(json.loads(line))


def adds_up(counts):
    """The promise of custody, for counts by (name, reason)."""
    total = {name: 0 for name, _ in counts}
    for (name, _), n in counts.items():
        total[name] += n
    came = total.get("read", 0) + total.get("said", 0)
    parts = ("handled", "coalesced", "rejected", "lost", "held", "notices", "canaries")
    return came == sum(total.get(part, 0) for part in parts)
