"""`fannel cases`: hold every case of a corpus against the kinds and checks as they are now; a site's own tests.

A case is a folder: what came and `event.json`, or what a device printed and `verdict.json`. Exit status 1: one of them
is not what its case says.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path  # noqa: TC003  (Typer reads it)
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fannel import config
from fannel.cli import stored
from fannel.cli.new_files import pretty
from fannel.cli.stored import Json  # noqa: TC001  (Typer reads it)
from fannel.cli.terminal import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fannel.checks.check import Check
    from fannel.config import Settings
    from fannel.kinds.site import Catalogues


@dataclass(frozen=True, slots=True)
class Held:
    """A case, which of its files says what is expected, that, and what it is now. `error`: it cannot be told."""

    case: Path
    file: str
    expected: Any
    found: Any
    error: str | None = None

    @property
    def holds(self) -> bool:
        """Whether it is what the case says."""
        return self.error is None and self.expected == self.found


def cases(
    corpus: Annotated[
        Path | None,
        typer.Argument(metavar="FOLDER", help="tests/corpus beside the site's own unless told."),
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Write what differs into its case, after somebody looked at it.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Hold every case against the kinds and checks as they are now; exit status 1 if one differs.

    `fannel new` makes cases. Nothing is contacted.
    """
    settings = config.load()
    folder = corpus or settings.kinds.path.parent / "tests" / "corpus"
    if not folder.is_dir():
        stored.fail(f"{folder}: there is no such folder")
    held = [*_kinds(folder, settings), *_checks(folder / "checks", settings)]
    wrong = [one for one in held if not one.holds]
    if write:
        for one in wrong:
            if one.error is None:
                (one.case / one.file).write_text(pretty(one.found), encoding="utf-8")
                typer.echo(f"wrote {printable(str(one.case / one.file))}", err=True)
        wrong = [one for one in wrong if one.error is not None]
    if as_json:
        stored.write_json({"cases": len(held), "differ": [_shown(one) for one in wrong]})
    else:
        for one in wrong:
            typer.echo(printable(_said(one)))
        typer.echo(f"{len(held)} cases, {len(wrong)} differ")
    if wrong or not held:
        raise typer.Exit(1)


def _kinds(folder: Path, settings: Settings) -> Iterator[Held]:
    from fannel.kinds.document import KindsError  # noqa: PLC0415  (the catalogues are for this command alone)
    from fannel.kinds.site import catalogues  # noqa: PLC0415
    from fannel.naming.module import CatalogueError  # noqa: PLC0415

    try:
        known = catalogues(settings.kinds.path, settings.mibs.path)
    except (KindsError, CatalogueError) as error:
        raise config.ConfigError(str(error)) from None
    for name in ("syslog.txt", "trap.hex"):
        for file in sorted(folder.glob(f"*/*/*/{name}")):
            yield _held(file.parent, "event.json", lambda file=file: _meaning(file, known))


def _meaning(file: Path, known: Catalogues) -> Any:  # noqa: ANN401  (any JSON value)
    from fannel.kinds import case  # noqa: PLC0415
    from fannel.wire import snmp, syslog  # noqa: PLC0415

    os = file.parts[-4]
    if file.name == "trap.hex":
        notification = known.names.name(snmp.decode(bytes.fromhex(file.read_text(encoding="utf-8"))))
        return case.of_trap(known.kinds, notification, os)
    message = syslog.parse(file.read_bytes(), received_at=datetime.now(UTC), zone=UTC)
    return case.of_line(known.kinds, message, os)


def _checks(folder: Path, settings: Settings) -> Iterator[Held]:
    from fannel.checks.find import Checks  # noqa: PLC0415  (Jinja2 and more that others need not load)

    # A check has several cases, one after the other.
    find = functools.lru_cache(maxsize=1)(Checks.beside(settings.checks.path).find)
    for file in sorted(folder.glob("*/*/*/subject.json")):
        yield _held(file.parent, "verdict.json", lambda file=file: _verdict(file.parent, find))


def _verdict(case: Path, find: Callable[[str, str], Check]) -> Any:  # noqa: ANN401  (any JSON value)
    from fannel.checks.judge import judge  # noqa: PLC0415
    from fannel.event import Subject  # noqa: PLC0415

    check = find(case.parts[-3], case.parts[-2])
    files = [case / f"{number}.txt" for number in range(1, len(check.commands) + 1)]
    texts = [file.read_text(encoding="utf-8") if file.is_file() else None for file in files]
    return judge(check, Subject(**json.loads((case / "subject.json").read_text(encoding="utf-8"))), texts).to_json()


def _held(case: Path, name: str, found: Any) -> Held:  # noqa: ANN401  (a function that gives any JSON value)
    try:
        file = case / name
        expected = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None
        return Held(case, name, expected, json.loads(json.dumps(found())))
    except (OSError, ValueError, LookupError, TypeError) as error:
        # Whatever is wrong with a case, or with the check it is of, is said of this case; the others are still held.
        return Held(case, name, None, None, f"{type(error).__name__}: {error}")


def _shown(one: Held) -> dict[str, Any]:
    return {"case": str(one.case), "expected": one.expected, "found": one.found, "error": one.error}


def _said(one: Held) -> str:
    if one.error is not None:
        return f"{one.case}: {' '.join(one.error.split())}"
    return f"{one.case / one.file} should say, if this is right:\n{pretty(one.found)}"
