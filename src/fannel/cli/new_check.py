"""`fannel new check` and `fannel new case`: a check, and cases of one, out of what a device printed."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fannel import config
from fannel.cli import stored
from fannel.cli.new_files import (
    CaseName,
    Corpus,
    Into,
    only_case_name,
    only_words,
    pretty,
    read_output,
    say_todo,
    write_all,
    wrong,
)
from fannel.cli.terminal import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fannel.checks.verdict import Outcome, Verdict
    from fannel.config import Settings
    from fannel.event import Json, Subject

SubjectOption = Annotated[str, typer.Option("--subject", metavar="NAME", help="Gi0/1, 192.0.2.1, UPS-A, …")]
Outputs = Annotated[
    list[Path],
    typer.Option("--output", metavar="FILE", help="What a command printed; several in the order of the commands."),
]


def new_check(
    problem: Annotated[str, typer.Argument(metavar="PROBLEM", help="For example ups_on_battery.")],
    os: Annotated[str, typer.Argument(metavar="OS", help="For example ios.")],
    *,
    outputs: Outputs,
    commands: Annotated[
        list[str], typer.Option("--command", metavar="TEXT", help="The command that printed it, one for each --output.")
    ],
    subject: SubjectOption = "",
    outcome: Annotated[
        str, typer.Option("--outcome", metavar="WORD", help="What the outputs show: confirmed, cleared, expected.")
    ] = "confirmed",
    subject_type: Annotated[
        str | None, typer.Option("--type", metavar="TYPE", help="Of what the subject is; that of the kind unless told.")
    ] = None,
    case: CaseName = "",
    into: Into = None,
    corpus: Corpus = None,
) -> None:
    """Make a check and its case out of what a device printed; `fannel check run --save` is one way to get that."""
    from fannel.checks.subject import subject_of  # noqa: PLC0415  (Jinja2 and more that others need not load)

    settings = config.load()
    only_words(problem=problem, os=os, type=subject_type or "device")
    case = case or f"{outcome}_first"
    only_case_name(case)
    if outcome not in ("confirmed", "cleared", "expected"):
        wrong(f"--outcome {outcome}: one of confirmed, cleared, expected")
    if len(outputs) != len(commands):
        wrong(f"{len(outputs)} --output and {len(commands)} --command: one command for each output, in the same order")
    about = subject_of(subject_type or _type_of(settings, problem), subject)
    texts = [read_output(path) for path in outputs]
    text, verdict = _made_check(settings, (problem, os), about, (commands, texts), outcome)  # type: ignore[arg-type]
    file = (into or settings.checks.path) / problem / f"{os}.yml"
    write_all(
        {file: text, **_case_files(_checks_corpus(settings, corpus) / problem / os / case, about, texts, verdict)}
    )
    say_todo(file, text)
    typer.echo(printable(f"{verdict['outcome']}: {verdict['reason']}"))
    name = f" --subject {subject!r}" if subject else ""
    typer.echo("next: save what the device prints in another state, add a rule for it, and then")
    typer.echo(printable(f"  fannel new case {problem} {os}{name} --case cleared_first --output FILE"))
    typer.echo(printable(f"  fannel check run HOST {problem}{name}   # on a device, nothing is posted"))


def new_case(
    problem: Annotated[str, typer.Argument(metavar="PROBLEM")],
    os: Annotated[str, typer.Argument(metavar="OS")],
    outputs: Outputs,
    case: CaseName,
    subject: SubjectOption = "",
    corpus: Corpus = None,
) -> None:
    """Keep outputs as another case of a check, with the verdict it gives now: look whether that is right."""
    from fannel.checks.judge import judge  # noqa: PLC0415  (Jinja2 and more that others need not load)
    from fannel.checks.subject import subject_of  # noqa: PLC0415
    from fannel.cli.judge import find  # noqa: PLC0415

    settings = config.load()
    only_words(problem=problem, os=os)
    only_case_name(case)
    check = find(problem, os)
    about, texts = subject_of(check.subject, subject), [read_output(path) for path in outputs]
    if len(texts) > len(check.commands):
        wrong(f"{problem} on {os} has {len(check.commands)} commands, not {len(texts)}")
    verdict = judge(check, about, texts).to_json()
    write_all(_case_files(_checks_corpus(settings, corpus) / problem / os / case, about, texts, verdict))
    typer.echo(printable(f"{verdict['outcome']}: {verdict['reason']}"))


def _type_of(settings: Settings, problem: str) -> str:
    """What the problem happens to, as the kinds have it."""
    from fannel.kinds.document import KindsError  # noqa: PLC0415
    from fannel.kinds.site import catalogues  # noqa: PLC0415
    from fannel.naming.module import CatalogueError  # noqa: PLC0415

    try:
        kinds = catalogues(settings.kinds.path, settings.mibs.path).kinds.compiled.kinds.values()
    except (KindsError, CatalogueError) as error:
        raise config.ConfigError(str(error)) from None
    found = next((kind.subject for kind in kinds if kind.problem == problem and kind.phase == "raise"), None)
    if found is None:
        stored.fail(f"no kind raises {problem}: make one first (`fannel new kind`), or say --type interface")
    return found


def _made_check(
    settings: Settings,
    cell: tuple[str, str],
    about: Subject,
    printed: tuple[Sequence[str], Sequence[str]],
    outcome: Outcome,
) -> tuple[str, Json]:
    """The first file that judges the outputs as they should be, and its verdict."""
    from fannel.checks import scaffold  # noqa: PLC0415
    from fannel.checks.find import Checks  # noqa: PLC0415
    from fannel.checks.judge import judge  # noqa: PLC0415

    problem, os = cell
    there = Checks.beside(settings.checks.path)
    if (found := there.file(problem, os)) is not None:
        stored.fail(f"{found} is there already: `fannel new case {problem} {os}` adds a case to it")
    outputs = [scaffold.Printed(command, text) for command, text in zip(*printed, strict=True)]
    with tempfile.TemporaryDirectory(prefix="fannel-new-") as name:
        file = Path(name) / problem / f"{os}.yml"
        file.parent.mkdir()
        tried = Checks((Path(name), *there.folders))

        def check(text: str) -> Verdict:
            file.write_text(text, encoding="utf-8")
            return judge(tried.find(problem, os), about, printed[1])

        try:
            made = scaffold.of_outputs(about, outputs, outcome, check)
        except scaffold.CannotScaffoldError as error:
            stored.fail(f"no check can be made of it: {error}")
    return made.text, made.verdict.to_json()


def _case_files(folder: Path, about: Subject, texts: Sequence[str], verdict: Json) -> dict[Path, str]:
    subject = {fact: value for fact in about.__slots__ if (value := getattr(about, fact)) is not None}
    files = {folder / f"{number}.txt": text for number, text in enumerate(texts, start=1)}
    return files | {folder / "subject.json": json.dumps(subject) + "\n", folder / "verdict.json": pretty(verdict)}


def _checks_corpus(settings: Settings, corpus: Path | None) -> Path:
    return (corpus or settings.checks.path.parent / "tests" / "corpus") / "checks"
