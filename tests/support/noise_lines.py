"""Ordinary syslog without end: the lines of the corpus and of tests/corpus/noise, with other names and numbers in them.

Each comes with what it must be: the kind of its case, or `unknown_syslog`. A line that devices of one OS send is
also sent by those of the others, where it may be its own kind or unknown, and nothing else.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from kinds_corpus import CASES, CORPUS, RECEIVED_AT, UTC, heard

from fannel.wire.syslog import SyslogMessage, parse

UNKNOWN = "unknown_syslog"
FAMILIES = ("ios", "iosxr", "nxos", "eos", "junos", "frr", "vrp")
_STRANGER_ONE_IN = 4  # lines that come from a device with another OS, or with none that pagoda knows

# The very same words are the line protocol on IOS, and the link on EOS.
_ELSEWHERE = {
    "line_protocol_down": "interface_down",
    "line_protocol_up": "interface_up",
    "interface_down": "line_protocol_down",
    "interface_up": "line_protocol_up",
}

_ADDRESS = re.compile(r"\b(?:192\.0\.2|198\.51\.100)\.\d{1,3}\b")
_PORT = re.compile(r"(?<=[A-Za-z])\d+(?:/\d+){1,3}")
_NUMBER = re.compile(r"(?<=[ =(\[])\d{2,9}(?=[ ,;)\]]|$)")
_NAME = re.compile(r"\b(?:ops|admin|rt02|leaf1)\b")


@dataclass(frozen=True, slots=True)
class Line:
    """A message, the OS of the device that sends it, and the kinds that it may be."""

    os: str | None
    message: SyslogMessage
    may_be: frozenset[str]


def originals() -> list[tuple[str, str, SyslogMessage]]:
    """The OS, kind and message of every line to begin with."""
    cases = [(case.parts[-3], case.parent.name, heard(case)) for case in CASES if (case / "syslog.txt").exists()]
    for file in sorted((CORPUS / "noise").glob("*.txt")):
        lines = file.read_text(encoding="utf-8").splitlines()
        cases += [(file.stem, UNKNOWN, parse(line, received_at=RECEIVED_AT, zone=UTC)) for line in lines]
    return cases


def noise(count: int, seed: int) -> Iterator[Line]:
    """So many lines; the same for the same seed."""
    random_ = random.Random(seed)
    begin_with = originals()
    for _ in range(count):
        os, kind, message = random_.choice(begin_with)
        message = replace(message, message=_changed(message.message, random_))
        if random_.randrange(_STRANGER_ONE_IN):
            yield Line(os, message, frozenset({kind}))
        else:
            may_be = frozenset({kind, _ELSEWHERE.get(kind, kind), UNKNOWN})
            yield Line(random_.choice([*FAMILIES, None]), message, may_be)


def _changed(text: str, random_: random.Random) -> str:
    def port(found: re.Match[str]) -> str:
        return "/".join(str(random_.randrange(48)) for _ in found[0].split("/"))

    text = _ADDRESS.sub(lambda _: f"203.0.{random_.randrange(256)}.{random_.randrange(1, 255)}", text)
    text = _PORT.sub(port, text)
    text = _NUMBER.sub(lambda found: str(random_.randrange(1, 10 ** len(found[0]))), text)
    return _NAME.sub(lambda _: f"n{random_.randrange(10_000)}", text)
