"""A process of FANNEL's that the source starts, keeps running, and takes along when it ends.

A child says on its standard output that it is ready, or why it cannot start; it ends when its standard input does, so
that nothing is left behind whatever ends us. Its standard error is ours.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from typing import TYPE_CHECKING, Any

from fannel import config, logs

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

log = logs.Logger("fannel.source")

RESTART_FIRST_S, RESTART_LAST_S = 0.5, 30.0
# A child that ran this long was well: the next restart is quick again.
STEADY_S = 60.0
READY_TIMEOUT_S = 300.0
STOP_TIMEOUT_S, TERMINATE_TIMEOUT_S = 25.0, 2.0
# An event is some kilobytes; a line that is longer than this is none of ours.
LONGEST_LINE = 4 * 2**20

_MISTAKE = 2

# glibc gives each thread an arena of its own and raises its thresholds with what is freed; threads that take turns
# under one interpreter lock gain nothing by that, and what is free in one arena serves no other (docs/decisions.md).
_FRUGAL = {"MALLOC_ARENA_MAX": "1", "MALLOC_TRIM_THRESHOLD_": "131072", "MALLOC_MMAP_THRESHOLD_": "131072"}


class StartError(Exception):
    """A child cannot start as things are configured. The text is its own, one line for each mistake."""


class Child:
    """`start()` it, `keep()` it running until cancelled, `stop()` it."""

    def __init__(
        self,
        name: str,
        environ: Mapping[str, str],
        serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
        *options: str,
    ) -> None:
        """`fannel NAME OPTIONS`; `serve` reads what it says once it is ready, to the end."""
        self.name = name
        self._arguments = (sys.executable, "-m", "fannel", name, *options)
        self._environ = _FRUGAL | dict(environ)
        self._serve = serve
        self._process: asyncio.subprocess.Process | None = None
        self._ready = False
        self._started_at = 0.0

    @property
    def pid(self) -> int | None:
        """The process's id, while there is one."""
        return None if self._process is None or self._process.returncode is not None else self._process.pid

    async def start(self) -> None:
        """Start it and wait until it is ready.

        Raises:
            ConfigError, StartError: what it says is wrong with the configuration.
        """
        delay_s = RESTART_FIRST_S
        while not await self._try():
            await self._pause(delay_s)
            delay_s = min(2 * delay_s, RESTART_LAST_S)

    async def keep(self) -> None:
        """Serve it, and start it again whenever it ends, later and later while it does not last. Never returns."""
        delay_s = RESTART_FIRST_S
        while True:
            if self._ready:
                await self._attend()
            if time.monotonic() - self._started_at >= STEADY_S:
                delay_s = RESTART_FIRST_S
            await self._pause(delay_s)
            delay_s = min(2 * delay_s, RESTART_LAST_S)
            try:
                await self._try()
            except (config.ConfigError, StartError) as error:
                # It was right when we started; whoever changed it will change it again.
                log.error("a child cannot start", child=self.name, reason=str(error))
            except OSError as error:
                log.error("a child cannot be started", child=self.name, reason=error.strerror or str(error))

    def let_go(self) -> None:
        """Ask it to end, without waiting."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()

    async def stop(self) -> None:
        """End it: asked, told, and at last forced."""
        self.let_go()
        process = self._process
        if process is None:
            return
        for timeout_s, force in ((STOP_TIMEOUT_S, process.terminate), (TERMINATE_TIMEOUT_S, process.kill)):
            try:
                await asyncio.wait_for(_end(process), timeout_s)
            except TimeoutError:
                log.warning("a child does not end, forcing it", child=self.name)
                with contextlib.suppress(ProcessLookupError):
                    force()
            else:
                return
        await process.wait()

    async def _try(self) -> bool:
        """Start it once; whether it is ready. Raises what it says is wrong."""
        self._ready = False
        self._started_at = time.monotonic()
        self._process = await asyncio.create_subprocess_exec(
            *self._arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=self._environ,
            limit=LONGEST_LINE,
            # A Ctrl-C in the terminal is for us; we end our children when we are ready to.
            process_group=0,
        )
        assert self._process.stdout is not None  # noqa: S101  (a pipe was asked for)
        try:
            first = await asyncio.wait_for(self._process.stdout.readline(), READY_TIMEOUT_S)
        except (TimeoutError, ValueError):
            first = b""
            self._process.kill()
        said = _said(first)
        self._ready = bool(said.get("ready"))
        if self._ready:
            return True
        status = await _end(self._process)
        if "error" in said:
            kind = config.ConfigError if said.get("type") == "ConfigError" else StartError
            raise kind(said["error"])
        if status == _MISTAKE:
            msg = f"fannel {self.name} cannot start; what it said stands in the log"
            raise StartError(msg)
        return False

    async def _attend(self) -> None:
        """Serve it to its end."""
        process = self._process
        assert process is not None  # noqa: S101  (it is ready)
        assert process.stdout is not None  # noqa: S101
        assert process.stdin is not None  # noqa: S101
        try:
            await self._serve(process.stdout, process.stdin)
        except (OSError, ValueError) as error:
            log.error("a child cannot be understood, ending it", child=self.name, reason=str(error))
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        await _end(process)

    async def _pause(self, delay_s: float) -> None:
        status = None if self._process is None else self._process.returncode
        log.error("a child ended, starting it again", child=self.name, status=status, retry_in_s=delay_s)
        await asyncio.sleep(delay_s)


async def _end(process: asyncio.subprocess.Process) -> int:
    """Its status, once it has ended. What it still says is dropped: a full pipe would keep it from ending."""
    assert process.stdout is not None  # noqa: S101  (a pipe was asked for)
    while await process.stdout.read(2**16):
        pass
    return await process.wait()


def _said(line: bytes) -> dict[str, Any]:
    try:
        said = json.loads(line)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


async def until_it_ends(said: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """Serve a child that has nothing to say."""
    while await said.read(2**16):
        pass
