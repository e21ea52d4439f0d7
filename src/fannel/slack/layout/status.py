"""How a device is, as far as is known: what is wrong, and what is kept quiet about it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from fannel.event import Subject
from fannel.slack import names, text
from fannel.slack.layout import look as looks
from fannel.slack.layout.message import NAME, WORD, subject_name
from fannel.slack.layout.requests import Part, holding, moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fannel.event import Severity
    from fannel.incidents.silence import Silence
    from fannel.incidents.store.reading import Case
    from fannel.slack.words import Reader


def status(
    name: str, facts: Sequence[str | None], cases: Sequence[Case], silences: Sequence[Silence], most: int, to: Reader
) -> Part:
    """`facts` are what pagoda says of the host; of its unresolved incidents the newest `most` are listed."""
    words = to.words.silencing
    about = " · ".join(text.prose(fact, NAME) for fact in facts if fact)
    first = "  ".join(part for part in (f"ℹ️ {text.code(name, 2 * NAME)}", about) if part)
    head = words.status_faults.of(len(cases)) if cases else words.status_fine
    lines = [_case(case, to) for case in cases[-most:]]
    if len(cases) > most:
        lines.append(words.more.of(len(cases) - most))
    push = text.push("ℹ️", names.host(name), head)
    return Part(
        (first, f"🔴 *{head}*" if cases else f"🟢 {head}", *lines, *holding(silences, words.status_silent, to)), push
    )


def _case(case: Case, to: Reader) -> str:
    emoji = looks.severity(cast("Severity", case.severity), to.words).emoji
    problem = text.prose(to.words.problem(case.problem), WORD)
    subject = text.cut(text.one_line(subject_name(Subject(**case.subject))), NAME)
    shown = f"  {text.code(subject, NAME)}" if subject and subject != case.host else ""
    has_it = text.prose(names.person(case.acknowledged_by), NAME) if case.acknowledged_by else ""
    since = to.words.silencing.status_since.format(since=moment(case.opened_at, to))
    facts = (since, text.prose(case.id, NAME), f"✋ {has_it}" if has_it else "")
    return f"{emoji} {problem}{shown}  " + " · ".join(fact for fact in facts if fact)
