"""One check of a device because somebody asks for it: no event, no incident, nothing posted.

It waits for its turn like every other run, so that no two are logged in to a device at once, and answers with the same
verdict. What can be known to be wrong before a login is an error instead.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from fannel.checks import session
from fannel.checks.errors import CheckError, NoCheckError, did_you_mean
from fannel.checks.not_applicable import reasons
from fannel.checks.placeholder import UnfitValueError
from fannel.checks.subject import subject_of
from fannel.incidents import lease
from fannel.incidents.store import StoreError
from fannel.login import Turn, Turns, guarded

if TYPE_CHECKING:
    from collections.abc import Callable

    from fannel.checks.check import Check
    from fannel.checks.find import Checks
    from fannel.checks.verdict import Verdict
    from fannel.event import Subject
    from fannel.login import Device

# What somebody types goes through Ansible's variables, where this would be a template.
_TEMPLATE = re.compile(r"\{[{%#]")


class CannotCheckError(ValueError):
    """There is nothing to run, or it may not be run. One line that says why, and what there is instead."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants to know: `subject` and `interface` as typed, see `checks.subject`."""

    host: str
    problem: str
    subject: str = ""
    interface: str | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A check that can be run: its commands are known and all values in them are fit."""

    host: str
    check: Check
    subject: Subject

    def to_json(self, verdict: Verdict) -> dict[str, Any]:
        """What was asked and found, as JSON."""
        about = {name: getattr(self.subject, name) for name in ("type", "name", "peer", "vrf", "interface")}
        if verdict.subject_name is not None:
            about["name"] = verdict.subject_name
        return {
            "host": self.host,
            "os": self.check.os,
            "problem": self.check.problem,
            "subject": {name: value for name, value in about.items() if value is not None},
            "check": str(self.check.file),
            "verdict": verdict.to_json(),
            "waited": verdict.waited,
            "took_s": verdict.took_s,
            "outputs": [
                {"command": output.command, "text": output.text, "took_s": output.took_s} for output in verdict.outputs
            ],
        }


def plain(asked: Asked) -> Asked:
    """The same, if none of it is a template to Ansible. Raises CannotCheckError."""
    for name in ("problem", "subject", "interface"):
        if _TEMPLATE.search(getattr(asked, name) or ""):
            raise CannotCheckError(f"the {name} holds an opening brace twice, or a template: no device has that")
    return asked


def known_problem(checks: Checks, problem: str) -> None:
    """Whether anything looks at this problem on any operating system. Raises CannotCheckError."""
    known = {file.parent.name for file in checks.files()}
    if problem not in known:
        raise CannotCheckError(f"no check for {problem} on any operating system{did_you_mean(problem, known)}")


def prepare(checks: Checks, asked: Asked, os: str | None) -> Prepared:
    """Find the check for the host's operating system and hold the subject against its commands.

    Raises:
        CannotCheckError: no operating system, no check, a broken check, or a subject that may not enter its commands.
    """
    known_problem(checks, asked.problem)
    if os is None:
        raise CannotCheckError(
            f"the inventory names no operating system for {asked.host}: it needs pagoda_os or ansible_network_os"
        )
    try:
        check = _found(checks, asked.problem, os)
    except CheckError as error:
        raise CannotCheckError(str(error)) from None
    subject = subject_of(check.subject, asked.subject, asked.interface)
    try:
        session.lines(check, subject)
    except UnfitValueError as error:
        shown = f"--subject {asked.subject!r:.80}" if asked.subject else "--subject is missing"
        raise CannotCheckError(f"{shown}: this check is about one {check.subject}: {error}") from None
    return Prepared(asked.host, check, subject)


def run(prepared: Prepared, turns: Turns, reach: Callable[[], Device]) -> Verdict:
    """Wait for our turn, log in, look, judge. Whatever keeps us from it is the reason of an inconclusive verdict.

    `reach` gives the device, not yet logged in to; it is called only when it is our turn.
    """
    try:
        turn = turns.take({"host": {"name": prepared.host}}, lambda: None)
    except StoreError as error:
        turn = Turn(waited=f"nobody can tell whether another run is logged in to this device: {error}")
    if turn.lease is None:
        return session.inconclusive(turn.waited)
    with lease.Keeper(turns.leases, turn.lease, turns.policy.hold_s, StoreError, turns.now) as kept:
        device = reach()
        try:
            verdict = session.run(prepared.check, prepared.subject, guarded(device.ask, kept))
        finally:
            device.hang_up()
        return replace(device.hidden(verdict), waited=turn.waited)


def _found(checks: Checks, problem: str, os: str) -> Check:
    try:
        return checks.find(problem, os)
    except NoCheckError as error:
        raise CannotCheckError(f"{error}; {_there_is(checks, problem, os)}") from None


def _there_is(checks: Checks, problem: str, os: str) -> str:
    """The cells near the one that is missing."""
    cells = [(file.parent.name, file.stem) for file in checks.files()]
    systems = ", ".join(found for name, found in cells if name == problem)
    problems = ", ".join(name for name, found in cells if found == os)
    why = reasons(checks.folders).get((problem, os))
    because = f" ({why})" if why else ""
    return f"{problem} is looked at on {systems}{because}; on {os} there is {problems or 'no check at all'}"
