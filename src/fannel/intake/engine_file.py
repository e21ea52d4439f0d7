"""What an SNMPv3 receiver has to know after a restart, in one file: its engine id, its boots, the senders' clocks.

    {"schema": "fannel.engine/1", "engine_id": "8000000005…", "boots": 7,
     "engines": [{"engine_id": "80001f88…", "boots": 3, "time": 86400, "heard_at": 1700000000.0}, …]}

The engine id is made once. Boots count one at every `open()`, and are on disk before anything is received. Without the
clocks, a message that was recorded before the restart would be taken for a new one. Writing replaces the file in one
step, readable by its owner alone. `heard_at` is in seconds since the epoch.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from typing import TYPE_CHECKING, Any, Self

from fannel import atomic, logs
from fannel.wire.engine import LAST_BOOTS, LAST_TIME_S, EngineClock

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

log = logs.Logger("fannel.intake.engine_file")

SCHEMA = "fannel.engine/1"
# SnmpEngineID (RFC 3411 §5): the first bit, IANA's enterprise number, format 5 "octets". FANNEL has no enterprise
# number; 0 is reserved, so it is nobody else's.
_PREFIX = bytes.fromhex("8000000005")
_RANDOM_OCTETS = 12


class EngineFileError(Exception):
    """Boots cannot be kept, so nothing could be told from its recording. The text names the file and the remedy."""

    def __init__(self, path: Path, reason: str, remedy: str) -> None:
        super().__init__(f"{path}: {reason}: {remedy}")


class EngineFile:
    """One start of this engine. Nobody else opens the file until `close()`."""

    def __init__(self, path: Path, lock: int, engine_id: bytes, boots: int, clocks: tuple[EngineClock, ...]) -> None:
        self._path = path
        self._lock = lock
        self.engine_id = engine_id
        self.boots = boots
        self.clocks = clocks

    @classmethod
    def open(cls, path: Path) -> Self:
        """Count one start of the engine in the file; where there is none, or a damaged one, a new engine begins.

        Raises:
            EngineFileError: The file cannot be read or written, or another receiver has it.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = _locked(path)
        except OSError as error:
            raise _unusable(path, error) from None
        try:
            engine_id, boots, clocks = _read(path)
            opened = cls(path, lock, engine_id, boots + 1, clocks)
            opened.save(clocks)
        except OSError as error:
            os.close(lock)
            raise _unusable(path, error) from None
        return opened

    def save(self, clocks: Iterable[EngineClock]) -> None:
        """Replace the file. `heard_at` of the clocks is in seconds since the epoch.

        Raises:
            OSError: It cannot be written; what was there stays.
        """
        self.clocks = tuple(clocks)
        record = {
            "schema": SCHEMA,
            "engine_id": self.engine_id.hex(),
            "boots": self.boots,
            "engines": [
                {"engine_id": c.engine_id.hex(), "boots": c.boots, "time": c.time, "heard_at": c.heard_at}
                for c in self.clocks
            ],
        }
        with atomic.replacing(self._path) as file:
            file.write(json.dumps(record).encode())

    def close(self) -> None:
        """Let another receiver have the file."""
        os.close(self._lock)


def _unusable(path: Path, error: OSError) -> EngineFileError:
    if isinstance(error, BlockingIOError):
        return EngineFileError(path, "another receiver counts its boots here", "give each a trap.engine_file")
    return EngineFileError(path, error.strerror or str(error), "trap.engine_file has to be writable")


def _locked(path: Path) -> int:
    """A lock the kernel lets go of when its owner dies. It is beside the file, which is replaced and not rewritten."""
    lock = os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise
    return lock


def _read(path: Path) -> tuple[bytes, int, tuple[EngineClock, ...]]:
    """Engine id, boots so far and clocks. An engine whose boots are not known, or are used up, is not gone on with."""
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return _new_engine_id(), 0, ()
    try:
        engine_id, boots, clocks = _parse(json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        aside = path.with_name(f"{path.name}.damaged")
        path.replace(aside)
        log.error("the engine file is damaged: a new engine id, and recorded traps count once", moved_to=str(aside))
        return _new_engine_id(), 0, ()
    if boots >= LAST_BOOTS - 1:  # RFC 3414 §2.2.2: such an engine needs new keys; those of a new id are new
        return _new_engine_id(), 0, clocks
    return engine_id, boots, clocks


def _new_engine_id() -> bytes:
    return _PREFIX + secrets.token_bytes(_RANDOM_OCTETS)


def _parse(record: Any) -> tuple[bytes, int, tuple[EngineClock, ...]]:  # noqa: ANN401  (whatever JSON holds)
    if record["schema"] != SCHEMA:
        raise ValueError("another schema")
    clocks = tuple(
        EngineClock(
            bytes.fromhex(entry["engine_id"]),
            _whole(entry["boots"], LAST_BOOTS),
            _whole(entry["time"], LAST_TIME_S),
            float(entry["heard_at"]),
        )
        for entry in record["engines"]
    )
    engine_id = bytes.fromhex(record["engine_id"])
    if not engine_id.startswith(_PREFIX) or len(engine_id) != len(_PREFIX) + _RANDOM_OCTETS:
        raise ValueError("not an engine id of ours")
    return engine_id, _whole(record["boots"], LAST_BOOTS), clocks


def _whole(value: object, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise ValueError("not a count")
    return value
