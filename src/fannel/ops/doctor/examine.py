"""Many checks at once, each in a thread of its own, none allowed to hold the others up."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future
from typing import TYPE_CHECKING

from fannel.ops.doctor.finding import Finding, wrong

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

LIMIT_S = 5.0


def examine(checks: Mapping[str, Callable[[], Finding]], limit_s: float = LIMIT_S) -> Iterator[Finding]:
    """Run all checks side by side; yields their findings in the order of `checks`.

    One that has not ended `limit_s` after the start is reported as wrong and left behind (its thread is a daemon).
    """
    deadline = time.monotonic() + limit_s
    under_way = {name: _start(name, check) for name, check in checks.items()}
    for name, future in under_way.items():
        try:
            yield future.result(timeout=max(0.0, deadline - time.monotonic()))
        except TimeoutError:
            yield wrong(name, f"no answer within {limit_s:g} s", "see whether what it asks is overloaded or filtered")


def _start(name: str, check: Callable[[], Finding]) -> Future[Finding]:
    future: Future[Finding] = Future()

    def run() -> None:
        try:
            future.set_result(check())
        except Exception as error:  # noqa: BLE001  (a defect of one check must not hide what the others found)
            # Its type only: the text of an unforeseen error may hold anything.
            future.set_result(wrong(name, f"this check itself broke ({type(error).__name__})", "please report it"))

    threading.Thread(target=run, name=f"doctor {name}", daemon=True).start()
    return future
