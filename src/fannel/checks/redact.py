"""Secrets out of texts, before a text is kept, logged or posted.

Devices echo what is typed, and Ansible quotes what a device printed: a wrong enable password comes back in the error
that reports it. `redact()` removes the secrets it is told, and what looks like one to people who read configurations.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fannel.checks.screen import clean
from fannel.checks.verdict import Output

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fannel.checks.verdict import Verdict

HIDDEN = "[redacted]"

_SHORT = 4  # a secret shorter than this is only hidden where it stands alone, or every text would be full of holes
_LOOKS_SECRET = (
    # What follows a prompt: `Password: hunter2`
    re.compile(r"(?i)(\bpass(?:word|phrase|code)?[ \t]*:[ \t]*)(?!\[redacted\]|Access denied)[^\s'\"]+"),
    # What stands in a configuration: `enable secret 9 $9$…`, `password 7 0822455D0A16`, `key 7 "…"`
    re.compile(r"(?i)(\b(?:password|secret|key|key-string|md5|hash)[ \t]+\d{1,2}[ \t]+)(?!\[redacted\])\S+"),
    re.compile(r"(?i)(\bsnmp-server[ \t]+(?:community|user)[ \t]+)(?!\[redacted\])\S+"),
    re.compile(r"(?i)(\b(?:encrypted-password|authentication-key|pre-shared-key)[ \t]+)(?!\[redacted\])\S+"),
)


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` with every one of `secrets`, and what looks like a secret, replaced by `[redacted]`."""
    for secret in sorted({form for known in secrets if known for form in _forms(known)}, key=len, reverse=True):
        if len(secret) >= _SHORT:
            text = text.replace(secret, HIDDEN)
        else:
            text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", HIDDEN, text)
    for pattern in _LOOKS_SECRET:
        text = pattern.sub(rf"\g<1>{HIDDEN}", text)
    return text


def hidden(verdict: Verdict, secrets: Iterable[str]) -> Verdict:
    """The verdict with the secrets taken out of everything it says and quotes, keys of facts included."""
    known = tuple(secrets)
    outputs = tuple(Output(redact(one.command, known), redact(one.text, known), one.took_s) for one in verdict.outputs)
    said = {name: _hidden(getattr(verdict, name), known) for name in ("reasons", "evidence", "facts", "subject_name")}
    return replace(verdict, outputs=outputs, **said)


def _hidden(value: Any, secrets: tuple[str, ...]) -> Any:  # noqa: ANN401  (any JSON value in, the same shape out)
    if isinstance(value, str):
        return redact(value, secrets)
    if isinstance(value, dict):
        return {_hidden(key, secrets): _hidden(item, secrets) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_hidden(item, secrets) for item in value)
    return value


def _forms(secret: str) -> set[str]:
    """The secret as it is, and as Python's repr() of text or bytes shows it."""
    return {secret, repr(secret)[1:-1], repr(secret.encode())[2:-1]}


_BYTES = re.compile(r"""b'((?:[^'\\]|\\.)*)'|b"((?:[^"\\]|\\.)*)\"""")
_ESCAPED = re.compile(r"\\(?:x([0-9a-f]{2})|([nrt'\"\\]))")
_PLAIN = {"n": "\n", "r": "\r", "t": "\t"}
_AT_PROMPT = re.compile(r",? (?:still )?at (?:level \[-?\d+\] and )?prompt \[.*", re.DOTALL)
_COMPLAINS = re.compile(r"(?i)^\s*(%.*|error:.*|unknown command.*|syntax error.*|.*\binvalid\b.*)")


def complaint(text: str, secrets: Iterable[str] = ()) -> str:
    r"""One readable, redacted line out of an error text that may quote a device's screen.

        b'show rubbish\r\n   ^\r\n% Invalid input detected at '^' marker.\r\nrt1#'

    becomes `% Invalid input detected at '^' marker.`
    """
    # Hidden first: cutting the text up could cut a secret in two.
    shown = clean(_BYTES.sub(_unquote, redact(text, secrets)))
    lines = [line.strip() for line in shown.splitlines() if line.strip()]
    head = _AT_PROMPT.sub("", " ".join(lines[:1])) if not text.lstrip().startswith(("b'", 'b"')) else ""
    said = next((match[1].strip() for line in lines if (match := _COMPLAINS.match(line))), "")
    parts = [part for part in (head, said if said not in head else "") if part]
    return redact(": ".join(parts) or " ".join(lines[-1:]) or "no reason given", secrets)[:300]


def _unquote(quoted: re.Match[str]) -> str:
    inner = quoted[1] if quoted[1] is not None else quoted[2]
    return _ESCAPED.sub(lambda part: chr(int(part[1], 16)) if part[1] else _PLAIN.get(part[2], part[2]), inner)
