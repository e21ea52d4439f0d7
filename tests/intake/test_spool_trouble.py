"""A disk that is full, read-only or failing, a lock that is held: refused by type, and it goes on by itself after."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from spool_troubles import fill
from spooling import numbered, numbers, read_all, reader, writer

from fannel.intake.spool import SpoolFullError, SpoolLockedError, SpoolUnreachableError, checkpoint

SCENARIOS = Path(__file__).parents[1] / "support" / "spool_troubles.py"


def in_namespace(*options):
    """The command that runs another without root's power over files, or None where the kernel does not allow it."""
    command = ["unshare", *options]
    allowed = (
        shutil.which("unshare") and not subprocess.run([*command, "true"], check=False, capture_output=True).returncode
    )
    return command if allowed else None


@pytest.mark.parametrize("scenario", ["full_disk", "full_disk_from_the_start", "read_only_file_system"])
def test_on_a_small_file_system_of_its_own(tmp_path, scenario):
    command = in_namespace("--user", "--map-root-user", "--mount")
    if command is None:
        pytest.skip("this kernel lets no user mount a tmpfs of its own")
    subprocess.run([*command, sys.executable, str(SCENARIOS), scenario, str(tmp_path)], check=True)


@pytest.mark.parametrize("scenario", ["read_only_directory", "read_only_file"])
def test_without_the_right_to_write(tmp_path, scenario):
    # In a user namespace of its own even root has no power over the files outside.
    command = in_namespace("--user")
    if command is None:
        pytest.skip("this kernel lets no user have a namespace of its own")
    subprocess.run([*command, sys.executable, str(SCENARIOS), scenario, str(tmp_path)], check=True)


def test_under_a_file_size_limit(tmp_path):
    subprocess.run([sys.executable, str(SCENARIOS), "file_size_limit", str(tmp_path)], check=True)


@pytest.fixture
def ends(tmp_path):
    w, r = writer(tmp_path), reader(tmp_path)
    yield w, r
    w.close()
    r.close()


def test_when_sqlite_says_full_the_batch_is_refused_and_the_rest_stays(ends):
    w, r = ends
    w.append(numbered(0, 100), durable=True)
    w._connection.execute("PRAGMA max_page_count = 20")
    with pytest.raises(SpoolFullError, match="no room on the disk"):
        w.append(numbered(100, 1000), durable=True)
    assert w.depth() == 100
    w._connection.execute("PRAGMA max_page_count = 4294967294")
    w.append(numbered(200, 100), durable=True)
    assert numbers(read_all(r)) == [*range(100), *range(200, 300)]


def test_when_another_process_locks_the_file_it_should_say_so_and_go_on_after(ends, tmp_path):
    w, r = ends
    w._connection.execute("PRAGMA busy_timeout = 20")
    other = sqlite3.connect(tmp_path / "spool.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(SpoolLockedError, match="locked by another process"):
        w.append(numbered(0, 1), durable=False)
    other.execute("ROLLBACK")
    other.close()
    w.append(numbered(1, 1), durable=False)
    assert numbers(read_all(r)) == [1]


def test_when_a_reader_stands_still_the_wal_should_not_grow_for_ever(ends, tmp_path, monkeypatch):
    w, r = ends
    monkeypatch.setattr(checkpoint, "EVERY_OCTETS", 100_000)
    monkeypatch.setattr(checkpoint, "INSIST_FROM_OCTETS", 300_000)
    monkeypatch.setattr(checkpoint, "INSIST_FOR_MS", 1)
    monkeypatch.setattr(checkpoint, "REFUSE_FROM_OCTETS", 1_000_000)
    other = sqlite3.connect(tmp_path / "spool.sqlite", isolation_level=None)
    other.execute("BEGIN")
    other.execute("SELECT count(*) FROM batch").fetchone()
    accepted, refusal = fill(w, durable=False, error=SpoolLockedError)
    assert "a reader has stood still" in str(refusal)
    wal = tmp_path / "spool.sqlite-wal"
    assert wal.stat().st_size < 1_500_000
    other.close()
    w.append(numbered(len(accepted), 100), durable=False)
    assert wal.stat().st_size < 300_000
    assert numbers(read_all(r)) == list(range(len(accepted) + 100))


def test_when_the_directory_is_a_file_it_should_name_it(tmp_path):
    (tmp_path / "spool").write_text("")
    with pytest.raises(SpoolUnreachableError, match="spool: cannot be used"):
        writer(tmp_path / "spool")


def test_acknowledgements_that_are_locked_do_not_hold_an_append_up(ends, tmp_path):
    w, r = ends
    w.append(numbered(0, 1), durable=False)
    r.acknowledge(found.id for found in read_all(r))
    other = sqlite3.connect(tmp_path / "acknowledged.sqlite", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    w.tidy()
    w.append(numbered(1, 1), durable=True)
    assert w.depth() == 2
    other.close()
    w.tidy()
    assert w.depth() == 1
