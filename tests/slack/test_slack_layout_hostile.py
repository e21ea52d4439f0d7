"""Whatever the strings of an incident hold, the message is one Slack takes and nobody else is called by it."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_cases import ENGLISH, JAPANESE
from slack_strings import OPENED, asides, assert_harmless, events, incidents, lines, losses, strings, verdicts

from fannel.checks.verdict import Verdict
from fannel.event import Host, Subject
from fannel.incidents.incident import Incident
from fannel.incidents.silence import Matcher, Silence
from fannel.incidents.store.endings import Account, Quieted
from fannel.slack import layout
from fannel.slack.layout import clicking, course, endings, requests, storm
from fannel.slack.layout.late import dated, repeated
from fannel.slack.layout.message import Message

readers = st.sampled_from([ENGLISH, JAPANESE])


@settings(max_examples=100, deadline=None)
@given(incidents, verdicts, asides, readers)
def test_every_message_about_an_incident_is_harmless(incident, verdict, aside, reader):
    assert_harmless(layout.parent(incident, "key", reader, aside))
    assert_harmless(layout.parent(incident, "key", replace(reader, clickable=True), aside))
    assert_harmless(layout.collected(incident, verdict, "key", reader))
    assert_harmless(layout.recovered(incident, verdict, "key", reader))
    assert_harmless(layout.recovered(incident, None, "key", reader))
    assert_harmless(layout.calm(layout.still_down(incident, verdict, "key", reader), 10**6, reader))


@settings(max_examples=100, deadline=None)
@given(incidents, verdicts, asides, strings, st.none() | strings, readers)
def test_every_message_of_how_an_incident_goes_on_is_harmless(incident, verdict, aside, who, why, reader):
    assert_harmless(course.reopened(incident, "key", reader))
    assert_harmless(course.flapping(incident, aside, (), "key", reader))
    assert_harmless(layout.collected(incident, verdict, "key", reader, asked_by=who))
    assert_harmless(course.acknowledged(incident, who, why, "key", reader))
    assert_harmless(course.ended_by_hand(incident, who, why, "key", reader))
    assert_harmless(course.found_over(incident, verdict, "key", reader))
    assert_harmless(course.unanswered(incident, "key", reader, now=OPENED + timedelta(days=9)))
    assert_harmless(layout.file_missing(incident, who, "key", reader))


@settings(max_examples=50, deadline=None)
@given(incidents, asides, strings, st.none() | strings, st.integers(0, 10**6), readers)
def test_what_whoever_clicked_is_told_is_harmless(incident, aside, who, why, many, reader):
    words = reader.words.clicking
    holes = ("incident", "host", "who", "owner", "clock", "problem", "os", "end", "number", "when")
    named = dict.fromkeys(holes, who)
    for form in words:
        assert_harmless(clicking.answer("❌", clicking.Sentence(form, named), clicking.Sentence(form, named)))
    lines = [clicking.Line(OPENED, clicking.change_line("judged", who, why, reader))] * 40
    silence = Silence(7, ((Matcher("host", "equal", "rt1"),),), OPENED, OPENED, who, "cli", why or "")
    assert_harmless(clicking.details(incident, aside, silence, lines, many, reader))


@settings(max_examples=50, deadline=None)
@given(incidents, strings, st.integers(0, 10**6), readers)
def test_what_is_told_of_the_end_of_a_silence_is_harmless(incident, said, many, reader):
    scope = (Matcher("host", "equal", "rt1"), Matcher("subject", "equal", said[:200] or "x"))
    silence = Silence(7, (scope,) * 5, OPENED, OPENED + timedelta(hours=1), said, "cli", said, changed_by=said)
    one = Quieted(
        incident.id, "f", incident.state, 3, incident.problem, incident.host, incident.subject, OPENED, None, "told"
    )
    account = Account(many, (one, replace(one, over_at=OPENED)) * 20, many, many)
    for each in (account, Account(0, ())):
        assert_harmless(endings.over(silence, each, "key", reader))
        assert_harmless(endings.soon(silence, each, "key", replace(reader, clickable=True), OPENED))


@settings(max_examples=100, deadline=None)
@given(events, readers, strings)
def test_every_note_and_what_a_look_at_it_found_is_harmless(event, reader, said):
    assert_harmless(layout.note(event, "key", reader))
    assert_harmless(layout.note(event, "key", reader, Verdict("confirmed", (said,), (said, said))))


@settings(max_examples=100, deadline=None)
@given(st.lists(strings.filter(lambda value: 0 < len(value) <= 255), min_size=1, max_size=5), strings, strings, readers)
def test_every_answer_to_a_request_is_harmless(values, said, who, reader):
    scopes = tuple((Matcher("host", "equal", value), Matcher("interface", "glob", value)) for value in values)
    silence = Silence(7, scopes, OPENED, OPENED + timedelta(days=2), who, "slack:C1:1.000001", said, changed_by=who)
    narrowed = replace(silence, what="narrowed", scopes=scopes[1:])
    asked, words = requests, reader.words.silencing
    parts = [
        asked.silenced(silence, 10**6, reader),
        asked.ended(replace(silence, what="expired"), silence, who, reader),
        asked.ended(narrowed, silence, who, reader),
        asked.waiting(silence, 9, [said], OPENED, reader, 1),
        asked.confirmed(silence, 9, who, reader),
        asked.lasting(silence, words.extended, reader),
        asked.lapsed(silence, 3600, reader),
        asked.withdrawn([silence] * 9, 0, reader),
        asked.refused(said, reader, said),
        *asked.listed([silence] * 40, 30, reader),
    ]
    for part in parts:
        assert_harmless(asked.message([part], "key", reader))
    assert_harmless(asked.message([asked.silenced(silence, 9, reader)] * 21, "key", reader))


@settings(max_examples=50, deadline=None)
@given(events, losses, readers)
def test_what_was_lost_is_said_harmlessly(event, lost, reader):
    object.__setattr__(event, "lost", lost)
    assert_harmless(layout.note(event, "key", reader))


@settings(max_examples=50, deadline=None)
@given(lines, st.integers(0, 10**6), readers)
def test_every_summary_of_a_storm_is_harmless(listed, waiting, reader):
    more = {"since": OPENED, "key": "storm/C0/9", "waiting": waiting, "to": reader}
    assert_harmless(storm.summary(listed, opened=len(listed) + waiting, **more))
    assert_harmless(storm.over(opened=waiting, until=OPENED + timedelta(days=9), **more))


@settings(max_examples=50, deadline=None)
@given(incidents, verdicts, readers)
def test_what_comes_late_or_stands_for_several_is_as_harmless(incident, verdict, reader):
    said = layout.collected(incident, verdict, "key", reader).payload
    assert_harmless(Message(dated(said, OPENED, OPENED + timedelta(days=40), reader)))
    assert_harmless(Message(repeated(said, 1000, OPENED, reader)))


@pytest.mark.parametrize("alias", ["<!channel> down", "`<!here>`", "*urgent* <@U0OPERATOR>"])
def test_an_interface_description_cannot_call_anybody(alias):
    incident = Incident(
        "A-1", "f", "interface_down", "critical", "new", Host("rt1", known=True),
        Subject("interface", "Gi0/1", description=alias), "IF-MIB::linkDown", "e", OPENED, OPENED,
    )  # fmt: skip
    written = json.dumps(layout.parent(incident, "key", ENGLISH).payload)
    assert "<!channel" not in written
    assert "<!here" not in written
    assert "<@" not in written
