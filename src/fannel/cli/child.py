"""What a child of the event source tells it: that it is ready, or in one line why it cannot start.

Both go through the pipe that is the child's standard output, a JSON object on a line; people read standard error.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MISTAKE = 2


def parent() -> BinaryIO:
    """The pipe to the event source. What else writes to standard output writes to standard error from now on."""
    pipe = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    # A Ctrl-C in a terminal is for the event source, which then ends its children.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return pipe


@contextmanager
def starting(told: BinaryIO | None, errors: tuple[type[Exception], ...]) -> Iterator[Callable[[], None]]:
    """Run a process's life; call what this gives when it is ready. One of `errors` before that ends it in one line.

    `told` is the pipe to the event source, where one is to hear of it, too.
    """
    is_ready = False

    def say(**what: object) -> None:
        if told is not None:
            told.write(json.dumps(what).encode() + b"\n")
            told.flush()

    def ready() -> None:
        nonlocal is_ready
        is_ready = True
        say(ready=True)

    try:
        yield ready
    except errors as error:
        if is_ready:
            raise
        say(error=str(error), type=type(error).__name__)
        for line in str(error).splitlines():
            typer.echo(f"fannel: {line}", err=True)
        sys.exit(MISTAKE)
