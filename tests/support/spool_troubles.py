"""What a spool does on a disk that is full, may not be written or has limits: scenarios for a child process.

    python spool_troubles.py SCENARIO DIRECTORY

The test starts this in a user namespace where an unprivileged user may mount a small tmpfs, or has no capabilities. Any
exception is the failure.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest
from spooling import numbered, numbers, read_all, reader, writer

from fannel.intake.spool import SpoolError, SpoolFullError, SpoolId, SpoolIOError, SpoolReadOnlyError


def fill(w, first=0, *, durable, error):
    """Append until it is refused with this error; the numbers that were accepted."""
    for n in range(first, first + 1_000_000, 100):
        try:
            w.append(numbered(n, 100), durable=durable)
        except error as refusal:
            return list(range(first, n)), refusal
    raise AssertionError("nothing was ever refused")


def full_disk(directory: Path) -> None:
    mount(directory, "size=4m")
    ballast = directory / "ballast"
    ballast.write_bytes(bytes(2**21))
    w, r = writer(directory / "spool"), reader(directory / "spool")
    r.acknowledge([])
    accepted, refusal = fill(w, durable=False, error=SpoolFullError)
    assert "no room on the disk" in str(refusal)
    assert len(accepted) >= 1000
    for durable in (True, False, True):
        with pytest.raises(SpoolFullError):
            w.append(numbered(999_000, 100), durable=durable)
    assert numbers(read_all(r)) == accepted
    assert w.depth() == len(accepted)
    ballast.unlink()
    more, _ = fill(w, 1_000_000, durable=True, error=SpoolFullError)
    assert len(more) >= 1000, "it goes on by itself when there is room again"
    found = read_all(r)
    assert numbers(found) == accepted + more
    w.close()
    r.close()
    w, r = writer(directory / "spool"), reader(directory / "spool")
    assert read_all(r) == found
    w.close()
    r.close()


def full_disk_from_the_start(directory: Path) -> None:
    mount(directory, "size=64k")
    ballast = directory / "ballast"
    with pytest.raises(OSError, match="No space"):
        ballast.write_bytes(bytes(2**20))
    with pytest.raises(SpoolFullError):
        writer(directory / "spool")
    ballast.unlink()
    mount(directory, "remount,size=4m")
    w = writer(directory / "spool")
    w.append(numbered(0, 10), durable=True)
    w.close()


def read_only_file_system(directory: Path) -> None:
    mount(directory, "size=4m")
    with_writer(directory / "spool", 0)
    mount(directory, "remount,ro")
    with pytest.raises(SpoolReadOnlyError):
        writer(directory / "spool")
    r = reader(directory / "spool")
    with pytest.raises(SpoolReadOnlyError):
        r.read(None, 10)
    with pytest.raises(SpoolError):
        r.acknowledge([SpoolId(1, 1)])
    mount(directory, "remount,rw")
    with_writer(directory / "spool", 1)
    assert numbers(read_all(r)) == [0, 1]
    r.close()


def read_only_directory(directory: Path) -> None:
    with_writer(directory / "spool", 0)
    (directory / "spool" / "writer.lock").unlink()
    (directory / "spool").chmod(0o500)
    with pytest.raises(SpoolReadOnlyError, match="give this user the directory"):
        writer(directory / "spool")
    directory.chmod(0o500)
    with pytest.raises(SpoolReadOnlyError):
        writer(directory / "another")
    directory.chmod(0o700)
    (directory / "spool").chmod(0o700)
    with_writer(directory / "spool", 1)
    r = reader(directory / "spool")
    assert numbers(read_all(r)) == [0, 1]
    r.close()


def read_only_file(directory: Path) -> None:
    with_writer(directory, 0)
    (directory / "spool.sqlite").chmod(0o400)
    for _ in range(2):
        with pytest.raises(SpoolReadOnlyError):
            writer(directory)
    (directory / "spool.sqlite").chmod(0o600)
    w = writer(directory)
    w.append(numbered(1, 1), durable=True)
    r = reader(directory)
    assert numbers(read_all(r)) == [0, 1]
    r.close()
    w.close()


def file_size_limit(directory: Path) -> None:
    w, r = writer(directory), reader(directory)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**19, hard))
    accepted, _ = fill(w, durable=False, error=SpoolIOError)
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    w.append(numbered(500_000, 100), durable=True)
    assert numbers(read_all(r)) == accepted + list(range(500_000, 500_100))
    assert w.depth() == len(accepted) + 100
    r.close()
    w.close()


def with_writer(directory: Path, number: int) -> None:
    w = writer(directory)
    w.append(numbered(number, 1), durable=True)
    w.close()


def mount(directory: Path, options: str) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(directory)], check=True)


if __name__ == "__main__":
    globals()[sys.argv[1]](Path(sys.argv[2]))
