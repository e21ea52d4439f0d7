"""The receiver while its disk fails: what is acknowledged is kept, what is not kept is counted, and it goes on."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest
from receiving import Sender, inform, payloads, receiving

from fannel.intake.receiver.ledger import missing
from fannel.lab.stage import free_udp_port
from fannel.wire.snmp import inform_response


def in_namespace(*options):
    """The command that runs another without root's power over files; the test is skipped where it cannot be."""
    command = ["unshare", *options]
    if not shutil.which("unshare") or subprocess.run([*command, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this kernel lets no user have a namespace of its own")
    return command


def test_a_spool_it_may_not_write_ends_the_start_with_one_line(tmp_path):
    directory = tmp_path / "spool"
    directory.mkdir(mode=0o500)
    fannel = [sys.executable, "-m", "fannel", "receive", "--trap", f"127.0.0.1:{free_udp_port()}"]
    ended = subprocess.run(
        [*in_namespace("--user"), *fannel, "--spool", str(directory)],
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=60,
    )
    assert ended.returncode == 2
    (line,) = [line for line in ended.stderr.splitlines() if not line.startswith("{")]
    assert str(directory) in line


def test_a_spool_that_is_damaged_under_it_costs_what_is_said_and_no_inform_after(tmp_path):
    with receiving(tmp_path) as receiver:
        sender = Sender(receiver.listeners[0])
        before, after = [inform(n) for n in range(100)], [inform(n) for n in range(100, 200)]
        for request in before:
            sender.send(request)
            assert sender.answer() == inform_response(request)
        with (tmp_path / "spool" / "spool.sqlite").open("r+b") as file:
            file.write(b"garbage " * 512)
        for request in after:
            sender.send(request)
            assert sender.answer() == inform_response(request)
        counts = receiver.counters.snapshot()
    found = payloads(tmp_path)
    assert set(after) <= set(found)
    assert len(set(before) & set(found)) + counts.get(("lost", "spool_damaged"), 0) >= len(before)
    assert missing(counts) == 0
