"""Run a check on a device: every command in one session, then judge.

The device is whatever answers `ask(command)`; it raises DeviceError when it cannot. The verdict is then inconclusive
with that reason, and what was collected so far is in it.
"""

from __future__ import annotations

import dataclasses
import re
import time
from typing import TYPE_CHECKING

from fannel.checks.errors import DeviceError
from fannel.checks.judge import judge
from fannel.checks.placeholder import MissingValueError, UnfitValueError, fill, fill_first, fill_regex
from fannel.checks.screen import clean
from fannel.checks.verdict import Output, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from fannel.checks.check import Check, Command, FindSubject
    from fannel.event import Subject


def run(
    check: Check, subject: Subject, ask: Callable[[str], str], *, clock: Callable[[], float] = time.monotonic
) -> Verdict:
    """Run a check about a subject.

    Args:
        check: What to run.
        subject: What it is about. When only its ifIndex is known, or that of the interface it is on, the device is
            asked for the name.
        ask: Runs one command and returns what the device printed; raises DeviceError.
        clock: Seconds, monotonic.

    Returns:
        The verdict with all outputs; never raises what `ask` raises as DeviceError.
    """
    return _Run(check, subject, ask, clock).verdict()


def lines(check: Check, subject: Subject) -> list[str | None]:
    """The commands as they are sent; None for an optional one that lacks a value. Raises UnfitValueError."""
    return [_line(command, subject) for command in check.commands]


def _line(command: Command, subject: Subject) -> str | None:
    try:
        return fill_first(command.forms, subject)
    except MissingValueError:
        if not command.optional:
            raise
        return None


class _Run:
    """One run: collects the outputs as it goes, so that a failure half-way loses none of them."""

    def __init__(self, check: Check, subject: Subject, ask: Callable[[str], str], clock: Callable[[], float]) -> None:
        self._check, self._subject, self._ask, self._clock = check, subject, ask, clock
        self._outputs: list[Output] = []
        self._found_name: str | None = None

    def verdict(self) -> Verdict:
        started = self._clock()
        try:
            self._find_subject()
            verdict = judge(self._check, self._subject, self._collect())
        except UnfitValueError as error:
            verdict = inconclusive(str(error))
        except DeviceError as error:
            verdict = inconclusive(error.reason)
        return dataclasses.replace(
            verdict,
            outputs=tuple(self._outputs),
            took_s=round(self._clock() - started, 3),
            subject_name=self._found_name,
        )

    def _find_subject(self) -> None:
        find = self._check.find_subject
        subject = self._subject
        is_it = subject.type == "interface"
        if find is None or subject.ifindex is None or (subject.name if is_it else subject.interface):
            return
        found = _name_in(self._run(fill(find.run, subject)), find, subject)
        if is_it:
            self._found_name = found
            self._subject = dataclasses.replace(subject, name=found)
        else:
            self._subject = dataclasses.replace(subject, interface=found)

    def _collect(self) -> list[str | None]:
        # All values are checked before the first command is sent.
        sent = lines(self._check, self._subject)
        texts: list[str | None] = []
        lost: DeviceError | None = None
        for command, line in zip(self._check.commands, sent, strict=True):
            try:
                if lost is not None:
                    raise lost
                texts.append(None if line is None else self._run(line))
            except DeviceError as error:
                if not command.optional:
                    raise
                lost = error if error.lost else None
                texts.append(None)
        return texts

    def _run(self, line: str) -> str:
        started = self._clock()
        text = ""
        try:
            text = clean(self._ask(line))
        finally:
            self._outputs.append(Output(line, text, round(self._clock() - started, 3)))
        return text


def _name_in(text: str, find: FindSubject, subject: Subject) -> str:
    match = re.search(fill_regex(find.match, subject), text, re.MULTILINE)
    if match is None:
        msg = f"the device knows no interface with ifIndex {subject.ifindex}"
        raise DeviceError(msg)
    name = match["name"]
    for short, long in find.expand:
        if re.match(rf"{re.escape(short)}\d", name):
            return long + name[len(short) :]
    return name


def inconclusive(reason: str) -> Verdict:
    """The verdict when there is nothing to judge: no check, no login, no answer."""
    return Verdict("inconclusive", (reason,))
