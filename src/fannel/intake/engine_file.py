"""What the receiver has to know of itself after a restart, in one file: its SNMPv3 engine id and its boots.

    {"schema": "fannel.engine/1", "engine_id": "8000000005…", "boots": 7}

The engine id is made once. Boots count one at every `open()`, and are on disk before anything is received. Writing
replaces the file in one step, readable by its owner alone; so others may read it at any moment, without the lock.
"""

from __future__ import annotations

import json
import os
import secrets
from typing import TYPE_CHECKING, Any, Self

from fannel import atomic, logs
from fannel.intake.locked import lock_beside
from fannel.wire.engine import LAST_BOOTS

if TYPE_CHECKING:
    from pathlib import Path

log = logs.Logger("fannel.intake.engine_file")

SCHEMA = "fannel.engine/1"
# SnmpEngineID (RFC 3411 §5): the first bit, IANA's enterprise number, format 5 "octets". FANNEL has no enterprise
# number; 0 is reserved, so it is nobody else's.
_PREFIX = bytes.fromhex("8000000005")
_RANDOM_OCTETS = 12
# Whatever json.loads() and then looking into what it gave may raise.
_DAMAGE = (ValueError, KeyError, TypeError, AttributeError, RecursionError)


class EngineFileError(Exception):
    """What has to outlive a restart cannot be kept. The text names the file and the remedy."""

    def __init__(self, path: Path, reason: str, remedy: str) -> None:
        super().__init__(f"{path}: {reason}: {remedy}")


class EngineFile:
    """One start of this engine. Nobody else opens the file until `close()`."""

    def __init__(self, lock: int, engine_id: bytes, boots: int) -> None:
        self._lock = lock
        self.engine_id = engine_id
        self.boots = boots

    @classmethod
    def open(cls, path: Path) -> Self:
        """Count one start of the engine in the file; where there is none, or a damaged one, a new engine begins.

        Raises:
            EngineFileError: The file cannot be read or written, or another receiver has it.
        """
        try:
            lock = lock_beside(path)
        except OSError as error:
            raise _unusable(path, error) from None
        try:
            engine_id, boots = _read(path)
            _write(path, engine_id, boots + 1)
        except OSError as error:
            os.close(lock)
            raise _unusable(path, error) from None
        return cls(lock, engine_id, boots + 1)

    def close(self) -> None:
        """Let another receiver have the file."""
        os.close(self._lock)


def read_engine_id(path: Path) -> bytes | None:
    """The engine id in a file that a receiver keeps, at any moment; None if there is none (yet) or none to be read."""
    try:
        engine_id, _ = _parse(json.loads(path.read_bytes()))
    except (OSError, *_DAMAGE):
        return None
    return engine_id


def _unusable(path: Path, error: OSError) -> EngineFileError:
    if isinstance(error, BlockingIOError):
        return EngineFileError(path, "another receiver counts its boots here", "give each a trap.engine_file")
    return EngineFileError(path, error.strerror or str(error), "trap.engine_file has to be writable")


def _write(path: Path, engine_id: bytes, boots: int) -> None:
    with atomic.replacing(path) as file:
        file.write(json.dumps({"schema": SCHEMA, "engine_id": engine_id.hex(), "boots": boots}).encode())


def _read(path: Path) -> tuple[bytes, int]:
    """Engine id and boots so far. An engine whose boots are not known, or are used up, is not gone on with."""
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return _new_engine_id(), 0
    try:
        engine_id, boots = _parse(json.loads(text))
    except _DAMAGE:
        aside = path.with_name(f"{path.name}.damaged")
        path.replace(aside)
        log.error("the engine file is damaged: we are a new SNMPv3 engine", moved_to=str(aside))
        return _new_engine_id(), 0
    if boots >= LAST_BOOTS - 1:  # RFC 3414 §2.2.2: such an engine needs new keys; those of a new id are new
        return _new_engine_id(), 0
    return engine_id, boots


def _new_engine_id() -> bytes:
    return _PREFIX + secrets.token_bytes(_RANDOM_OCTETS)


def _parse(record: Any) -> tuple[bytes, int]:  # noqa: ANN401  (whatever JSON holds)
    if record["schema"] != SCHEMA:
        raise ValueError("another schema")
    engine_id = bytes.fromhex(record["engine_id"])
    if not engine_id.startswith(_PREFIX) or len(engine_id) != len(_PREFIX) + _RANDOM_OCTETS:
        raise ValueError("not an engine id of ours")
    boots = record["boots"]
    if isinstance(boots, bool) or not isinstance(boots, int) or not 0 <= boots <= LAST_BOOTS:
        raise ValueError("not a count")
    return engine_id, boots
