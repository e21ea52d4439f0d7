"""`kill -9` of either end, at any moment: nothing appended is lost, and what comes again comes as the same."""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import random
import time

import pytest
import spool_ends
from spooling import read_all, reader, writer

KILLS = 30

processes = multiprocessing.get_context("forkserver")


@pytest.mark.timeout(120)
def test_kill_9_at_random_moments_loses_nothing_and_changes_no_identity(tmp_path):
    spool, confirmed, recorded = tmp_path / "spool", tmp_path / "confirmed", tmp_path / "recorded"
    chance = random.Random(20_261_123)
    lives = 0

    def start(end):
        nonlocal lives
        if end == "writer":
            lives += 1
            process = processes.Process(
                target=spool_ends.append_for_ever, args=(str(spool), str(confirmed), lives), daemon=True
            )
        else:
            process = processes.Process(
                target=spool_ends.handle_for_ever, args=(str(spool), str(recorded)), daemon=True
            )
        process.start()
        return process

    running = {end: start(end) for end in ("writer", "reader")}
    try:
        while not (confirmed.exists() and recorded.exists()):  # both are at work before anything is killed
            time.sleep(0.01)
        for _ in range(KILLS):
            time.sleep(chance.uniform(0.02, 0.25))
            for end in chance.choice([["writer"], ["reader"], ["writer", "reader"]]):
                assert running[end].is_alive(), f"the {end} ended by itself"
                running[end].kill()
                running[end].join()
                running[end] = start(end)
    finally:
        for process in running.values():
            process.kill()
            process.join()

    with contextlib.closing(writer(spool)) as w, contextlib.closing(reader(spool)) as r:
        assert w.tidy().set_aside == ()
        left = [[f"{s.id.batch}-{s.id.position}", str(int(s.datagram.payload[:8]))] for s in read_all(r, 10_000_000)]
        assert w.depth() == r.depth() == len(left)
    lines = {tuple(fields) for fields in [*spool_ends.whole_lines(recorded), *left]}
    by_number = {int(number): tuple(map(int, identity.split("-"))) for identity, number in lines}
    assert len(by_number) == len(lines), "a datagram came again under another identity"
    assert len(set(by_number.values())) == len(lines), "two datagrams share an identity"
    appended = [tuple(map(int, fields)) for fields in spool_ends.whole_lines(confirmed)]
    promised = {n for first, count in appended for n in range(first, first + count)}
    assert len(promised) > 1_000
    # Counts and not sets: pytest would compare those for minutes.
    assert len(promised - by_number.keys()) == 0
    in_order = [by_number[n] for n in sorted(by_number)]
    assert all(before < after for before, after in itertools.pairwise(in_order)), "identities go as appended"
