"""From the text of a message to its requests: which lines ask for something, and what exactly.

A line is talk, a request that is understood whole, or refused: never understood by half. Of a line that only mentions a
silence ("I'll silence rt1 for 2 h") nothing is done, but who wrote it is told, in case that was meant.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC
from typing import TYPE_CHECKING, Final

from fannel.slack.grammar import vocabulary as v
from fannel.slack.grammar.plain import LONGEST_TEXT, plain_lines
from fannel.slack.grammar.request import Limits, Misfit, Outcome, Refusal, Request, Target
from fannel.slack.grammar.sentences import sentence
from fannel.slack.grammar.targets import Found, guess, read_targets
from fannel.slack.grammar.tokens import TARGET_KINDS, WINDOW_KINDS, tokens_of
from fannel.slack.grammar.window import read_window, said_shortly, said_so

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime, tzinfo

    from fannel.slack.grammar.known import Known
    from fannel.slack.grammar.request import Action, Language
    from fannel.slack.grammar.tokens import Token
    from fannel.slack.grammar.window import Window

LONGEST_LINE: Final = 5000
MOST_WORDS: Final = 800
# Of a line that is too long, where its verb is looked for.
_LOOKED_AT: Final = 1000
MOST_REQUESTS: Final = 20
LONGEST_REASON: Final = 300
# A form filled in over several lines: what such a line begins with belongs to the request above it.
_FORM_LINE = re.compile(
    r"(?:対象|機器|ホスト|装置|期間|日時|時間|時刻|開始|終了|期限|理由|事由|作業|備考|内容"
    r"|host|target|device|interface|window|period|from|until|when|duration|reason)[^\s:]{0,8}\s?[:=]",
    re.IGNORECASE,
)
_VERB_AT_ALL = re.compile(
    r"silence|mute|snooze|resume|extend|prolong|stop |suppress|disable|pause |no call|no pag|not |don't|dont|can't"
    r"|never |cancel |end |remove |lift |delete |expire |start |restart |enable |list|help"
    r"|静観|架電|発報|通知|監視|コール|連絡|アラート|アラーム|呼び?出し|電話|延長|使い方|ヘルプ|再開|解除",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Setting:
    """What a line is read against."""

    known: Known
    now: datetime
    zone: tzinfo
    about: Target | None
    under: tuple[int, ...]
    limits: Limits


def parse(
    text: str,
    known: Known,
    *,
    now: datetime,
    zone: tzinfo,
    about: Target | None = None,
    under: tuple[int, ...] = (),
    limits: Limits = Limits(),  # noqa: B008  (frozen)
) -> tuple[Outcome, ...]:
    """One outcome for every line of `text` that asks for something; none for talk. Never raises, whatever the text.

    Times without a zone are in `zone`, the writer's. `about` is what the alert is about in whose thread this was said,
    `under` the silences in whose thread it was: what to resume or to extend where nothing is named.
    """
    setting = _Setting(known, now.astimezone(UTC), zone, about, under, limits)  # in UTC, an hour is an hour
    found: list[Outcome] = []
    for line in _requests(plain_lines(text)):
        outcome = _outcome(line, setting)
        if outcome is None:
            continue
        if len(found) == MOST_REQUESTS:
            return (*found, _refusal(Misfit("too_many_lines", {"lines": str(MOST_REQUESTS)}), line))
        found.append(outcome)
    if found and len(text) > LONGEST_TEXT:
        found.append(_refusal(Misfit("text_too_long", {"longest": str(LONGEST_TEXT)}), found[-1].line))
    return tuple(found)


def _requests(lines: Sequence[str]) -> Iterator[str]:
    """The lines that may ask for something, each with the lines of a form below it."""
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if not _VERB_AT_ALL.search(line):
            continue
        while at < len(lines) and _FORM_LINE.match(lines[at]) and len(line) <= LONGEST_LINE:
            line += " " + lines[at]
            at += 1
        yield line


def _outcome(line: str, setting: _Setting) -> Outcome | None:
    language = _language(line)
    if v.HELP.fullmatch(line):
        return Request("help", line, language)
    if v.LIST.fullmatch(line):
        return Request("list", line, language)
    if len(line) > LONGEST_LINE or line.count(" ") > MOST_WORDS:
        head = line[:_LOOKED_AT]
        if not any(token.kind == "verb" for token in tokens_of(head, setting.known)):
            return None
        return _refusal(Misfit("line_too_long", {"longest": str(LONGEST_LINE), "most": str(MOST_WORDS)}), head)
    tokens, reason = _without_reason(line, tokens_of(line, setting.known))
    if any(token.kind == "negation" for token in tokens):
        named = next((token.text for token in tokens if token.kind == "host"), "")
        names_one = setting.about is not None or any(token.kind in TARGET_KINDS for token in tokens)
        return _refusal(Misfit("negated"), line, what=named) if names_one else None
    if not any(token.kind == "verb" for token in tokens):
        return None
    return _Line(line, tokens, reason, setting).outcome()


class _Line:
    """A line with a verb in it."""

    def __init__(self, line: str, tokens: Sequence[Token], reason: Token | None, setting: _Setting) -> None:
        self._line, self._tokens, self._reason, self._setting = line, tokens, reason, setting
        self._verbs = [token for token in tokens if token.kind == "verb"]
        if any(verb.text == "延長" for verb in self._verbs):  # 静観を2時間延長: the silence is no verb there
            self._verbs = [verb for verb in self._verbs if verb.text != "静観"]
        self._action: Action = self._verbs[0].value
        self._ids = tuple(dict.fromkeys(token.value for token in tokens if token.kind == "number"))
        self._implied = not self._ids and not any(token.kind in TARGET_KINDS for token in tokens)
        if self._implied and self._action != "silence":
            self._ids = setting.under
        self._window: Window | None = None
        self._found = Found()

    def outcome(self) -> Outcome | None:
        """What it asks for; None if it is talk."""
        if not self._named and not self._bare:
            return None
        try:
            request = self._understood()
        except Misfit as misfit:
            if self._told:
                return None  # it was not asked for
            return self._refused(misfit)
        return self._refused(Misfit("told")) if self._told else request

    @property
    def _named(self) -> bool:
        """Whether anything is named that a request would name; a window alone is enough for a plain order."""
        if self._ids or any(token.kind in TARGET_KINDS for token in self._tokens):
            return True
        if self._setting.about is not None:
            return True
        windows = WINDOW_KINDS - {"from"}
        return self._action == "silence" and any(token.kind in windows for token in self._tokens)

    @property
    def _bare(self) -> bool:
        """Whether it is a plain order in spite of naming nothing: `silence everything`, but not `silence is golden`."""
        if self._told:
            return False
        first = self._verbs[0]
        if self._action == "silence":
            return v.GLUE.fullmatch(self._line, 0, first.start) is not None or not first.text.isascii()
        return v.GLUE.fullmatch(self._line, 0, first.start) is not None and (
            v.GLUE.fullmatch(self._line, first.end) is not None or v.EVERYTHING.match(self._line, first.end) is not None
        )

    @property
    def _told(self) -> bool:
        """Whether it tells or asks of a silence rather than for one."""
        line, verb = self._line, self._verbs[0]
        if polite := v.ASKED_POLITELY.match(line):
            return polite.end() > verb.start
        if v.POLITE_JA.search(line):
            return False
        if v.ASKING.match(line) or line.rstrip(" .!").endswith("?") or v.QUESTION_JA.search(line):
            return True
        if verb.text.isascii():
            before = v.TOLD_BEFORE.search(line[max(0, verb.start - 24) : verb.start])
            return before is not None or v.TOLD_AFTER.match(line, verb.end) is not None
        return v.TOLD_AFTER.match(line, verb.end) is not None

    def _understood(self) -> Request:
        if any(verb.value != self._action for verb in self._verbs):
            raise Misfit("two_requests")
        self._refuse_limits()
        setting = self._setting
        telling = [token for token in self._tokens if token.kind != "word"]
        window = self._window = read_window(self._line, telling, setting.now, setting.zone, setting.limits)
        cut = max(self._verbs[0].end, window.end)
        about = None if self._ids else setting.about
        found = self._found = read_targets(self._line, self._tokens, cut, setting.known, about, setting.limits)
        if severity := next((one for one in self._tokens if one.kind == "severity" and one.start < cut), None):
            raise Misfit("severity", {"text": severity.text})
        self._complete(window, found)
        request = Request(
            action=self._action,
            line=self._line,
            language=_language(self._line),
            targets=found.targets,
            hosts=self._hosts(found.targets),
            ids=self._ids,
            reason=self._said_reason(),
        )
        if self._action == "resume" and self._implied and self._reason is None and request.reason:
            raise Misfit("told")  # "resume when done", said among people, names nothing and orders nothing
        if self._action == "silence":
            return replace(request, starts_at=window.starts_at, ends_at=window.ends_at)
        if self._action == "extend":
            return replace(request, by=window.by) if window.by else replace(request, ends_at=window.ends_at)
        return request

    def _refuse_limits(self) -> None:
        """What would make it another silence than those there are, and must not pass for a reason."""
        for token in self._tokens:
            if token.kind in ("exception", "recurring", "later"):
                raise Misfit(token.kind, {"text": token.text})

    def _complete(self, window: Window, found: Found) -> None:
        if found.targets and self._ids:
            raise Misfit("id_and_target")
        if self._ids and self._action == "silence":
            raise Misfit("id_unwanted")
        if not found.targets and not self._ids:
            spans = [(verb.start, verb.end) for verb in self._verbs] + [*window.spans]
            end = self._reason.start if self._reason else len(self._line)
            raise guess(self._line[:end], spans, self._setting.known)
        if self._action != "resume" and window.ends_at is None:
            raise Misfit("no_window")

    def _hosts(self, targets: Sequence[Target]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for target in targets for name in self._setting.known.meant(target)))

    def _said_reason(self) -> str:
        """What is left of the line when everything that was understood is taken out."""
        window_spans = self._window.spans if self._window else ()
        target_spans = (self._found.span,) if self._found.span else ()
        own = ("verb", "number", "field")
        marks = [(token.start, token.end) for token in self._tokens if token.kind in own]
        used = sorted([*window_spans, *target_spans, *marks])
        said, explicit = self._line, ""
        if self._reason is not None:
            explicit = self._line[self._reason.end : self._reason.value]
            used = sorted([*used, (self._reason.start, self._reason.value)])
        parts, at = [explicit.strip()], 0
        for start, end in [*used, (len(said), len(said))]:
            if start > at:
                parts.append(_trimmed(said[at:start]))
            at = max(at, end)
        return " ".join(part for part in parts if part)[:LONGEST_REASON]

    def _refused(self, misfit: Misfit) -> Refusal:
        what = ", ".join(str(target) for target in self._found.targets[:3])
        if not what:
            hosts = [token.text for token in self._tokens if token.kind == "host"]
            known = [f"#{number}" for number in self._ids] if self._action != "silence" else []
            what = misfit.near[0] if misfit.near else next(iter([*known, *hosts]), "")
        when = ""
        if (window := self._window) is not None and window.ends_at is not None:
            when = said_shortly(window.by) if window.by else f"until {said_so(window.ends_at, self._setting.zone)}"
        return _refusal(misfit, self._line, self._action, what, when)


def _without_reason(line: str, tokens: Sequence[Token]) -> tuple[list[Token], Token | None]:
    """The tokens that do not belong to an explicit reason, and its mark; the mark's `value` is where it ends."""
    mark = next((token for token in tokens if token.kind == "reason"), None)
    if mark is None:
        return list(tokens), None
    end = next((token.start for token in tokens if token.kind == "field" and token.start > mark.end), len(line))
    kept = [token for token in tokens if not mark.start <= token.start < end]
    return kept, replace(mark, value=end)


def _trimmed(text: str) -> str:
    """A piece of the line without the small words at its ends."""
    if leading := v.LEADING.match(text):
        text = text[leading.end() :]
    for _ in range(12):
        trailed = v.TRAILED.search(text[-24:])
        if trailed is None or not trailed[0]:
            break
        text = text[: len(text) - len(trailed[0])]
    return text.strip()


def _language(line: str) -> Language:
    return "ja" if v.JAPANESE.search(line) else "en"


def _refusal(misfit: Misfit, line: str, action: Action = "silence", what: str = "", when: str = "") -> Refusal:
    language = _language(line)
    closest = f"{action} {what or 'HOST'}" + ("" if action == "resume" else f" {when or '2h'}")
    return Refusal(misfit.code, line, language, sentence(misfit, language), closest, misfit.near)
