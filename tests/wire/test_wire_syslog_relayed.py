"""What rsyslog 8.2302 and syslog-ng 3.38 make of devices' lines, read as the devices' own.

`relayed_lines.tsv`: the relay and its template, the case of tests/corpus/ whose line was sent to it, and what it sent.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from kinds_corpus import CORPUS, KINDS, RECEIVED_AT, heard

from fannel.wire.syslog import parse

ROWS = [
    tuple(row.split("\t"))
    for row in Path(__file__).with_name("relayed_lines.tsv").read_text(encoding="utf-8").splitlines()
]
RELAY = ("localhost", "127.0.0.1")  # as whose line they take one that names no host


@pytest.mark.parametrize(("relay", "case", "line"), ROWS)
def test_a_relayed_line_is_the_devices_own(relay, case, line):
    own = heard(CORPUS / case)
    relayed = parse(line, received_at=RECEIVED_AT, zone=UTC)
    os_name = case.split("/")[0]
    found, wanted = (KINDS.classify_syslog(message, os_name) for message in (relayed, own))
    assert (found.kind, found.phase, found.subject) == (wanted.kind, wanted.phase, wanted.subject), relay
    assert relayed.hostname == own.hostname or (own.hostname is None and relayed.hostname in RELAY)
    assert (relayed.priority, relayed.tag) == (13 if own.priority is None else own.priority, own.tag)


@pytest.mark.parametrize(
    ("line", "host", "tag", "message"),
    [
        # A text that only looks like what a relay cut is left as it is.
        ("<13>1 - h app - - - 41 is the answer", "h", None, "41 is the answer"),
        ("<13>1 - h 41 - - - is the answer", "h", None, "is the answer"),
        ("<13>1 - h app - - - prog: nothing special", "h", None, "prog: nothing special"),
        ("<13>1 - Nov 14 - - - is a day", "Nov", None, "is a day"),
        ("<13>1 - 2026 app - - - x y z", "2026", None, "x y z"),
        ("<13>Nov 14 08:30:56 h word and another", "h", None, "word and another"),
        # What somebody else put into structured data is no relay's.
        ('<13>1 - h 53 - - [mine@1 a="b"] core1: %LINK-3-UPDOWN: x', "h", None, "core1: %LINK-3-UPDOWN: x"),
        # A message id was written by whoever wrote RFC 5424.
        ("<13>1 - h 53 - ID - core1: %LINK-3-UPDOWN: x", "h", None, "core1: %LINK-3-UPDOWN: x"),
    ],
)
def test_what_only_looks_cut_is_left_alone(line, host, tag, message):
    read = parse(line, received_at=datetime(2026, 11, 14, 8, 31, tzinfo=UTC), zone=UTC)
    assert (read.hostname, read.tag, read.message) == (host, tag, message)


def test_a_line_cut_again_and_again_is_put_together_a_few_times_only():
    once = "2026-11-14T08:30:56Z h 1 - - - "
    assert parse("<13>1 " + once * 5000, received_at=RECEIVED_AT, zone=UTC).message.endswith("1 - - -")
