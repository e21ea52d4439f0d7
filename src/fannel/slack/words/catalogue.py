"""What a catalogue of texts holds: a field for each text, grouped as people meet them.

`{…}` stands for what the layout puts there, ready for the place; every language uses the same names (a test checks).
Marks of Slack's mrkdwn in a text have a space or the end of the line on their outside: Slack shows an asterisk that
touches Japanese text as it is.

Named tuples and no dataclasses: every playbook imports this, and a dozen dataclasses of so many fields cost 15 ms.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fannel.event import Severity
    from fannel.slack.words.buttons import Buttons
    from fannel.slack.words.clicking import Clicking, Details
    from fannel.slack.words.counted import Counted
    from fannel.slack.words.endings import Endings
    from fannel.slack.words.sentences import Sentences
    from fannel.slack.words.silencing import Silencing


class Looks(NamedTuple):
    """What a state is called. The first words on the phone, so they are short."""

    checking: str
    recovered: str
    flapping: str
    still_down: str
    not_confirmed_up: str
    down_confirmed: str
    confirmed: str
    expected: str
    back_already: str
    could_not_judge: str
    down_again: str
    is_back: str
    looked_further: str
    escalated: str
    acknowledged: str
    resolved_by_hand: str
    still_open: str


class Labels(NamedTuple):
    """What stands in bold before a colon."""

    verdict: str
    verdict_was: str
    since: str
    seen: str
    reopened: str
    outlived: str
    down: str
    device: str
    host: str
    when: str
    disputed: str
    refused: str
    next: str
    do: str
    related: str
    late: str


class Thread(NamedTuple):
    """About an incident, in its parent and its replies."""

    times: Counted
    times_last: Counted
    was_down: str
    after: str
    outlived: str
    commands: Counted
    full_output: str
    unverified: str
    unchecked: str
    announced_end: str
    calm: Counted
    stale: str
    over: str
    more: Counted


class Course(NamedTuple):
    """How an incident goes on: it is back, a person has it or ended it, nobody has."""

    was_over: str
    has_it: str
    first_seen: str
    came_back: Counted
    over_between: str
    by: str
    why: str
    found_by_recheck: str
    found_by_recheck_push: str
    asked_by: str
    after_at_most: str
    nobody_said: str
    lasts: str
    nobody_has_it: str
    nobody_has_it_push: str
    last_found: str
    changes: Counted
    now_down: str
    now_up: str
    now_there: str
    now_gone: str
    flap_rule: str
    latest_changes: str
    what_to_do: str
    what_to_press: str


class Notes(NamedTuple):
    """In a message of no incident."""

    several_claim: str
    not_in_pagoda: str
    says: str
    facts: Mapping[str, str]
    sender: str
    sender_through: str
    unsaid: Counted
    restarted: str
    often: str


class Losses(NamedTuple):
    """What FANNEL lost: by reason how, and what helps."""

    head: Counted
    ways: Mapping[str, str]
    other_way: str
    remedies: Mapping[str, str]
    all: str


class Storms(NamedTuple):
    """The summaries of a storm."""

    head: str
    opened: Counted
    since: str
    many_since: str
    more: str
    others: str
    following: Counted
    none_following: str
    where_to_look: str
    over: str
    summed_up: Counted
    summed_up_since: Counted


class Posting(NamedTuple):
    """About a message itself: it comes late, stands for several, or its file did not come."""

    late: str
    waited: str
    repeated: Counted
    file_title: str
    file_comment: Counted
    cut_short: str
    file_missing: str
    file_missing_push: str


class Steps(NamedTuple):
    """What to do first where a check could not judge, by what was in its way."""

    busy: str
    unknown_device: str
    host_key: str
    privilege: str
    login: str
    no_check: str
    unreachable: str
    unread: str
    other: str


class Problems(NamedTuple):
    """Names of problems: whole ones, and the words that others are made of, joined by `joint`.

    `known` asks for every word of a name, or the notification's own name is shown.
    """

    whole: Mapping[str, str]
    parts: Mapping[str, str]
    joint: str

    def name(self, problem: str) -> str:
        """`interface_down` in words; what nobody translated stays as it is."""
        return self.whole.get(problem) or self._joined([self.parts.get(part, part) for part in problem.split("_")])

    def known(self, problem: str) -> bool:
        """Whether the language has words for the whole of it."""
        return problem in self.whole or all(part in self.parts for part in problem.split("_"))

    def _joined(self, parts: Sequence[str]) -> str:
        said = ""
        for part in parts:
            # Two words in Latin letters stand apart in every language.
            apart = said[-1:].isascii() and part[:1].isascii()
            said += ((self.joint or (" " if apart else "")) if said else "") + part
        return said


class Words(NamedTuple):
    """One language."""

    units: tuple[str, str, str, str]
    severities: Mapping[Severity, str]
    # The headline names the notification (`linkDown`), or else the problem in words.
    by_notification: bool
    problems: Problems
    looks: Looks
    labels: Labels
    thread: Thread
    course: Course
    notes: Notes
    losses: Losses
    storms: Storms
    posting: Posting
    steps: Steps
    silencing: Silencing
    buttons: Buttons
    clicking: Clicking
    details: Details
    endings: Endings
    sentences: Sentences

    def problem(self, name: str) -> str:
        """A problem or kind in words."""
        return self.problems.name(name)

    def said(self, reason: str) -> str:
        """A reason as it is told: FANNEL's own in this language, everybody else's as it is."""
        return self.sentences.said(reason)
