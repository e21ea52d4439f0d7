"""How an incident goes on in its thread: looked at again, back after its end, and nobody answering."""

from __future__ import annotations

from datetime import timedelta

import pytest
from answering import ADMIN_DOWN, DOWN, UNREACHABLE, UP, messages, pushes, recorded
from events import NOW, event

from fannel.incidents.recheck import RecheckPolicy
from fannel.respond import Responder

HOUR = timedelta(hours=1)
LATER = NOW + HOUR


@pytest.fixture
def down(responder, store):
    """A fault that was answered; an hour later nobody has said that it is over."""
    (found,) = recorded(store, event())
    responder.announce(found)
    responder.conclude(found, DOWN)
    responder.clock.now = LATER
    return found


@pytest.fixture
def asking(down, store):
    (found,) = store.take_rechecks(LATER, RecheckPolicy(after=HOUR))
    return found.to_queue()


def incident(store, down):
    return store.incident(down["incident"]["id"])


def test_a_recheck_that_finds_it_up_resolves_it_and_the_channel_hears_it(responder, store, slack, down, asking):
    assert responder.recheck_wanted(asking)
    judged = responder.recheck(asking, UP)
    assert judged["incident"]["state"] == "resolved"
    parent, _, reply = messages(slack)
    assert parent["text"].startswith("🟢 RECOVERED")
    assert (reply["thread_ts"], reply["subtype"]) == (parent["ts"], "thread_broadcast")
    assert "found by re-check" in reply["text"]
    assert "at most *1h00m*" in str(reply["blocks"]), "nobody knows how long it was up by then"
    *_, resolved = store.history(down["incident"]["id"])
    assert (resolved.who, resolved.what, resolved.why) == ("check", "resolved", "found by re-check: the link is up")


def test_a_recheck_that_finds_it_still_down_posts_nothing_and_the_next_is_due_in_an_hour(
    responder, store, slack, down, asking
):  # fmt: skip
    before = messages(slack)
    responder.recheck(asking, DOWN)
    assert messages(slack) == before
    assert not incident(store, down).over
    assert store.take_rechecks(LATER + HOUR - timedelta(seconds=1), RecheckPolicy()) == []
    assert len(store.take_rechecks(LATER + HOUR, RecheckPolicy())) == 1


@pytest.fixture
def asked_for(down, store):
    with store.about(down["incident"]["id"]) as it:
        it.ask_again("kei", LATER)
    (found,) = store.take_rechecks(LATER, RecheckPolicy(after=None))
    return found.to_queue()


@pytest.mark.parametrize(
    ("verdict", "says"),
    [(DOWN, "DOWN, confirmed"), (UNREACHABLE, "could not judge"), (ADMIN_DOWN, "expected")],
)
def test_whoever_asked_for_a_recheck_is_answered_in_the_thread_whatever_it_finds(
    responder, store, slack, down, asked_for, verdict, says
):
    before = len(messages(slack))
    responder.recheck(asked_for, verdict)
    *_, reply = messages(slack)
    assert len(messages(slack)) == before + 1
    assert says in reply["text"]
    assert "re-check for kei" in str(reply["blocks"])
    assert incident(store, down).recheck_for is None
    responder.recheck(asked_for, verdict)
    assert len(messages(slack)) == before + 1


def test_a_recheck_that_somebody_asked_for_and_that_finds_it_up_ends_it(responder, store, slack, down, asked_for):
    responder.recheck(asked_for, UP)
    assert incident(store, down).over
    assert sum("found by re-check" in push for push in pushes(slack)) == 1


def test_a_recheck_that_finds_something_else_changes_the_parent_without_a_post(responder, store, slack, down, asking):
    responder.recheck(asking, ADMIN_DOWN)
    parent, *replies = messages(slack)
    assert "expected" in parent["text"]
    assert len(replies) == 1


def test_a_recheck_that_cannot_tell_changes_nothing(responder, store, slack, down, asking):
    before, said = incident(store, down), messages(slack)
    responder.recheck(asking, UNREACHABLE)
    after = incident(store, down)
    assert (after.state, after.verdict, messages(slack)) == (before.state, before.verdict, said)
    assert [one.summary for one in store.activities.of_incident(after.id)][-1].endswith("Connection refused")


def test_a_recheck_is_answered_once(responder, store, slack, down, asking):
    responder.recheck(asking, DOWN)
    assert not responder.recheck_wanted(asking), "it was asked twice, and is known by now"
    responder.recheck(asking, UP)
    assert not incident(store, down).over, "a late run of the same question answers nothing"


def test_a_clear_that_came_meanwhile_leaves_nothing_to_look_for(responder, store, slack, down, asking):
    (up,) = recorded(store, event(phase="clear", at=LATER))
    responder.recover(up, UP)
    assert not responder.recheck_wanted(asking)
    said = len(messages(slack))
    responder.recheck(asking, UP)
    assert len(messages(slack)) == said


def test_a_raise_that_came_while_it_was_looked_at_keeps_it_open(responder, store, slack, down, asking):
    recorded(store, event(at=LATER))
    responder.recheck(asking, UP)  # it took a second: the raise came while it looked
    assert not incident(store, down).over


def test_what_nobody_was_told_of_ends_without_a_word(responder, store, slack):
    (silent,) = recorded(store, event())
    (found,) = store.take_rechecks(LATER, RecheckPolicy(after=HOUR))
    responder.clock.now = LATER
    responder.recheck(found.to_queue(), UP)
    assert store.incident(silent["incident"]["id"]).over
    assert messages(slack) == []


def test_one_that_nobody_answers_is_said_once_more_to_the_channel(responder, store, slack, down):
    responder.clock.now = NOW + timedelta(hours=26)
    (waiting,) = store.unanswered(responder.clock.now, timedelta(hours=24))
    for _ in range(2):
        responder.remind(waiting)
    responder.announce(down)
    *_, reply = messages(slack)
    assert len(messages(slack)) == 3
    assert reply["subtype"] == "thread_broadcast"
    assert reply["text"] == "🔴 STILL OPEN rt-tyo-01 Gi0/1 · for 1d02h · nobody has it"


def test_one_that_somebody_took_meanwhile_is_not_said_again(responder, store, slack, down):
    waiting = incident(store, down)
    store.acknowledge(waiting.id, who="cli:kei", now=LATER)
    responder.remind(waiting)
    responder.announce(down)
    assert len(messages(slack)) == 2


def test_while_it_flaps_a_return_changes_the_parent_and_calls_nobody(responder, store, slack, down):
    (up,) = recorded(store, event(phase="clear", at=LATER))
    responder.recover(up, UP)
    (again,) = recorded(store, event(at=LATER + timedelta(seconds=30)))
    said = len(messages(slack))
    responder.announce(again | {"flap": {"flapping": True, "transitions": 9, "window_s": 600}})
    assert len(messages(slack)) == said
    assert "RECOVERED" not in messages(slack)[0]["text"]


def flap(store, start, changes):
    for number in range(changes):
        phase = "clear" if number % 2 == 0 else "raise"
        recorded(store, event(phase=phase, at=start + timedelta(seconds=5 * number)))


def test_that_it_flaps_is_said_once_to_the_channel_and_counted_there_and_in_the_parent(responder, store, slack, down):
    flap(store, LATER, 8)
    for more in range(3):
        responder.clock.now = LATER + timedelta(minutes=1 + more)
        assert responder.retell(down["incident"]["id"])
        responder._outbox.deliver()
        flap(store, responder.clock.now, 2)
    parent, _, *said = messages(slack)
    (reply,) = said
    assert reply["subtype"] == "thread_broadcast"
    assert reply["text"].startswith("🔁 FLAPPING ×12 rt-tyo-01 Gi0/1 · now DOWN")
    latest = LATER + timedelta(minutes=2, seconds=5)
    assert f"🟢 <!date^{latest.timestamp() - 5:.0f}^" in str(reply)
    assert f"🔴 <!date^{latest.timestamp():.0f}^" in str(reply)
    assert str(reply).count("<!date^") == 8, "the latest changes, and no more of them"
    assert parent["text"].startswith("🔁 FLAPPING ×12 rt-tyo-01 Gi0/1")


def test_that_it_flaps_calls_nobody_while_it_is_silenced(responder, store, slack, down):
    flap(store, LATER, 8)
    responder.retell(down["incident"]["id"], quietly=True)
    responder._outbox.deliver()
    parent, _ = messages(slack)
    assert parent["text"].startswith("🔁 FLAPPING")
    responder.retell(down["incident"]["id"])
    responder._outbox.deliver()
    assert len(messages(slack)) == 3


def test_that_it_flaps_again_after_it_was_calm_is_said_again(responder, store, slack, down):
    flap(store, LATER, 8)
    responder.retell(down["incident"]["id"])
    responder._outbox.deliver()
    store.due(LATER + timedelta(hours=2))
    responder.clock.now = LATER + timedelta(hours=3)
    flap(store, responder.clock.now, 8)
    responder.retell(down["incident"]["id"])
    responder._outbox.deliver()
    _, *replies = pushes(slack)
    assert sum("FLAPPING" in text for text in replies) == 2


class TestARecheckOfWhatNobodyWasToldOf:
    def asking(self, store):
        (found,) = store.take_rechecks(LATER, RecheckPolicy(after=HOUR))
        return found.to_queue()

    def test_still_there_and_never_answered_it_is_for_the_rules_to_tell(self, responder, store, slack):
        """Whoever was to answer it was killed. A rule that leaves it alone on purpose leaves it alone again."""
        (found,) = recorded(store, event())
        responder.clock.now = LATER
        assert store.overdue(LATER - timedelta(minutes=1), timedelta(minutes=5)), "asked a minute ago"
        responder.recheck(self.asking(store), DOWN)
        assert messages(slack) == []
        assert incident(store, found).verdict is None, "with a verdict nobody would ask the rules again"
        (asked,) = store.overdue(LATER, timedelta(minutes=5))
        assert (asked["incident"]["id"], asked["incident"]["state"]) == (found["incident"]["id"], "new")
        assert responder.announce(asked)
        responder.conclude(asked, DOWN)
        assert len(messages(slack)) == 2

    @pytest.fixture
    def back(self, responder, store, down):
        """It was told, and over, and is back; nobody has answered that."""
        (up,) = recorded(store, event(phase="clear", at=LATER))
        responder.recover(up, UP)
        recorded(store, event(at=LATER + timedelta(seconds=30)))
        responder.clock.now = LATER + 2 * HOUR
        return down

    def test_that_it_is_back_is_for_the_rules_to_tell_too(self, responder, store, slack, back):
        said = len(messages(slack))
        (found,) = store.take_rechecks(LATER + 2 * HOUR, RecheckPolicy(after=HOUR))
        responder.recheck(found.to_queue(), DOWN)
        assert len(messages(slack)) == said
        (asked,) = store.overdue(LATER + 2 * HOUR, timedelta(minutes=5))
        responder.announce(asked)
        assert "DOWN AGAIN" in pushes(slack)[-1]

    def test_a_person_who_asked_in_its_thread_is_answered_there(self, responder, store, slack, back):
        said = len(messages(slack))
        with store.about(back["incident"]["id"]) as it:
            it.ask_again("kei", LATER + 2 * HOUR)
        (found,) = store.take_rechecks(LATER + 2 * HOUR, RecheckPolicy(after=HOUR))
        responder.recheck(found.to_queue(), DOWN)
        assert len(messages(slack)) == said + 1

    def test_answered_while_there_was_no_slack_it_is_told_when_it_is_found_still_there(
        self, responder, settings, store, slack
    ):  # fmt: skip
        (found,) = recorded(store, event())
        without = Responder(settings, store, None, responder.clock)
        without.announce(found)
        without.conclude(found, DOWN)
        responder.clock.now = LATER
        responder.recheck(self.asking(store), DOWN)
        parent, reply = messages(slack)
        assert (reply["thread_ts"], "confirmed" in reply["text"]) == (parent["ts"], True)

    @pytest.mark.parametrize("verdict", [UP, ADMIN_DOWN, UNREACHABLE])
    def test_answered_without_slack_and_not_known_to_be_there_it_stays_untold(
        self, responder, settings, store, slack, verdict
    ):  # fmt: skip
        (found,) = recorded(store, event())
        without = Responder(settings, store, None, responder.clock)
        without.announce(found)
        without.conclude(found, DOWN)
        responder.clock.now = LATER
        responder.recheck(self.asking(store), verdict)
        assert messages(slack) == []
