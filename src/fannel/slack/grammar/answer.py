"""What was understood, said back exactly: the targets as they are, absolute times with their zone, the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fannel.slack.text import duration

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from fannel.slack.grammar.request import Request

_SHOWN_TARGETS: Final = 5
_ENGLISH: Final = {
    "silence": "silence {what} from {start} until {end} ({length})",
    "resume": "end the silence of {what}",
    "extend_until": "extend the silence of {what} until {end}",
    "extend_by": "extend the silence of {what} by {length}",
    "list": "list the silences",
    "help": "say how to write a request",
    "hosts": " [{n} hosts]",
    "more": " and {n} more",
    "reason": ": {reason}",
}
_JAPANESE: Final = {
    "silence": "{what} を静観 {start} から {end} まで ({length})",
    "resume": "{what} の静観を解除",
    "extend_until": "{what} の静観を {end} まで延長",
    "extend_by": "{what} の静観を {length} 延長",
    "list": "静観の一覧",
    "help": "書き方の説明",
    "hosts": " [{n}台]",
    "more": " ほか{n}件",
    "reason": " 理由: {reason}",
}


def answer(request: Request, zone: tzinfo) -> str:
    """One line in the language of the request; times in `zone`. Not escaped for anything."""
    words = _JAPANESE if request.language == "ja" else _ENGLISH
    form: str = request.action
    if form == "extend":
        form = "extend_by" if request.by is not None else "extend_until"
    said = words[form].format(
        what=_what(request, words),
        start=_moment(request.starts_at, zone),
        end=_moment(request.ends_at, zone),
        length=duration(_seconds(request)),
    )
    return said + (words["reason"].format(reason=request.reason) if request.reason else "")


def _what(request: Request, words: dict[str, str]) -> str:
    if request.ids:
        return ", ".join(f"#{number}" for number in request.ids)
    shown = ", ".join(str(target) for target in request.targets[:_SHOWN_TARGETS])
    if (more := len(request.targets) - _SHOWN_TARGETS) > 0:
        shown += words["more"].format(n=more)
    # Where a name stands for itself there is nothing to count.
    single = all(target.host and not target.host_is_glob for target in request.targets)
    return shown if single else shown + words["hosts"].format(n=len(request.hosts))


def _moment(moment: datetime | None, zone: tzinfo) -> str:
    return "" if moment is None else f"{moment.astimezone(zone):%Y-%m-%d %H:%M %Z}"


def _seconds(request: Request) -> float:
    if request.by is not None:
        return request.by.total_seconds()
    if request.starts_at is None or request.ends_at is None:
        return 0
    return (request.ends_at - request.starts_at).total_seconds()
