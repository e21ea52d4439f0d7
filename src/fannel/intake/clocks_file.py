"""What the observer has to know of the devices' SNMPv3 engines after a restart, in one file beside the engine's own.

    {"schema": "fannel.engine-clocks/1",
     "engines": [{"engine_id": "80001f88…", "boots": 3, "time": 86400, "heard_at": 1700000000.0}, …]}

Without them, a message that was recorded before the restart would be taken for a new one. Writing replaces the file in
one step, readable by its owner alone. `heard_at` is in seconds since the epoch.
"""

from __future__ import annotations

import json
import math
import os
from typing import TYPE_CHECKING, Any, Self

from fannel import atomic, logs
from fannel.intake.engine_file import EngineFileError
from fannel.intake.locked import lock_beside
from fannel.wire.engine import LAST_BOOTS, LAST_TIME_S, EngineClock

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

log = logs.Logger("fannel.intake.clocks_file")

SCHEMA = "fannel.engine-clocks/1"


def beside(engine_file: Path) -> Path:
    """Where the clocks are kept: `engine-clocks.json` beside `engine.json`."""
    return engine_file.with_name(f"{engine_file.stem}-clocks.json")


class ClocksFile:
    """The clocks as one observer keeps them. Nobody else opens the file until `close()`."""

    def __init__(self, path: Path, lock: int, clocks: tuple[EngineClock, ...]) -> None:
        self._path = path
        self._lock = lock
        self.clocks = clocks

    @classmethod
    def open(cls, path: Path) -> Self:
        """The clocks that were kept; none where there is no file, or a damaged one, which is moved aside.

        Raises:
            EngineFileError: The file cannot be read, its folder cannot be written, or another observer has it.
        """
        try:
            lock = lock_beside(path)
        except OSError as error:
            raise _unusable(path, error) from None
        try:
            return cls(path, lock, _read(path))
        except OSError as error:
            os.close(lock)
            raise _unusable(path, error) from None

    def save(self, clocks: Iterable[EngineClock]) -> None:
        """Replace the file.

        Raises:
            OSError: It cannot be written; what was there stays.
        """
        self.clocks = tuple(clocks)
        engines = [
            {"engine_id": c.engine_id.hex(), "boots": c.boots, "time": c.time, "heard_at": c.heard_at}
            for c in self.clocks
        ]
        with atomic.replacing(self._path) as file:
            file.write(json.dumps({"schema": SCHEMA, "engines": engines}).encode())

    def close(self) -> None:
        """Let another observer have the file."""
        os.close(self._lock)


def _unusable(path: Path, error: OSError) -> EngineFileError:
    if isinstance(error, BlockingIOError):
        return EngineFileError(path, "another observer keeps its clocks here", "give each a trap.engine_file")
    return EngineFileError(path, error.strerror or str(error), "the folder of trap.engine_file has to be writable")


def _read(path: Path) -> tuple[EngineClock, ...]:
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return ()
    try:
        return _parse(json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
        aside = path.with_name(f"{path.name}.damaged")
        path.replace(aside)
        log.error("the clocks of SNMPv3 engines are damaged: recorded traps count once", moved_to=str(aside))
        return ()


def _parse(record: Any) -> tuple[EngineClock, ...]:  # noqa: ANN401  (whatever JSON holds)
    if record["schema"] != SCHEMA:
        raise ValueError("another schema")
    return tuple(
        EngineClock(
            bytes.fromhex(entry["engine_id"]),
            _whole(entry["boots"], LAST_BOOTS),
            _whole(entry["time"], LAST_TIME_S),
            _moment(entry["heard_at"]),
        )
        for entry in record["engines"]
    )


def _moment(value: object) -> float:
    seconds = float(value) if isinstance(value, int | float) else math.nan
    if not math.isfinite(seconds):
        raise ValueError("not a moment")
    return seconds


def _whole(value: object, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise ValueError("not a count")
    return value
