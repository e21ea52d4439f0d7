"""What a catalogue holds about silences: how requests are answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from fannel.slack.words.counted import Counted


class Silencing(NamedTuple):
    """Answers to who asks for something in Slack."""

    # what became of a request: the first words of its answer
    silenced: str
    changed: str
    unchanged: str
    extended: str
    ended: str
    narrowed: str
    waits: str
    refused: str
    withdrawn: str
    lapsed: str
    # in bold before a colon
    when: str
    hosts: str
    by: str
    changed_by: str
    reason: str
    write: str
    why: str
    now: str
    left: str
    holds: str
    late: str
    # sentences
    window: str
    until: str
    starting: str
    hosts_of: Counted
    more: Counted
    before_lapse: str
    nothing_until: str
    as_it_was_until: str
    confirm: str
    confirmed_by: str
    heard_late: str
    no_request_left: str
    deleted: str
    deleted_waiting: str
    nobody_confirmed: str
    # why not
    over_already: str
    done_before: str
    may_not: str
    not_here: str
    cannot_tell: str
    stumbled: str
    nobody_knows: str
    no_number: str
    own: str
    not_waiting: str
    confirmed_already: str
    no_hosts: str
    no_request: str
    told_elsewhere: str
    # lists
    list_head: Counted
    list_none: str
    list_more: str
    list_waiting: Counted
    status_silent: str
    status_fine: str
    status_faults: Counted
    status_since: str
    status_which: str
    help: tuple[str, ...]
