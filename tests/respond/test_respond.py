"""The steps of the playbooks on a real store and the Slack stand-in: what the on-call reads, however often they run."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from answering import ADMIN_DOWN, DOWN, SHOW, UNREACHABLE, UP, messages, pushes, recorded
from events import NOW, event
from jsonschema import validate
from posting import Clock

from fannel.checks.verdict import Output
from fannel.event import schema
from fannel.intake.source_notice import Notice, Sender
from fannel.lab.slack.faults import Fault
from fannel.normalise import lost_event
from fannel.posting import open_outbox
from fannel.respond import Responder, UnknownIncidentError


def test_a_fault_is_announced_before_anything_is_known(responder, store, slack):
    (down,) = recorded(store, event())
    assert responder.announce(down)
    (parent,) = messages(slack)
    assert "linkDown" in parent["text"]
    assert "rt-tyo-01 Gi0/1" in parent["text"]
    assert store.incident(down["incident"]["id"]).state == "open"


def test_the_verdict_is_a_reply_and_changes_the_parent(responder, store, slack):
    (down,) = recorded(store, event())
    responder.announce(down)
    responder.conclude(down, DOWN)
    parent, reply = messages(slack)
    assert reply["thread_ts"] == parent["ts"]
    assert "confirmed" in parent["text"]
    assert SHOW.split(",", maxsplit=1)[0] in str(reply["blocks"])


def test_the_verdict_comes_back_as_a_valid_harmless_event(responder, store):
    (down,) = recorded(store, event())
    evil = replace(DOWN, evidence=("description {{ lookup('pipe', 'id') }}",), facts={"{{ k }}": "{% v %}"})
    judged = responder.conclude(down, evil)
    validate(judged, schema())
    assert "{" not in str(list(judged["verdict"]["evidence"])) + "".join(judged["verdict"]["facts"])
    assert (judged["via"], judged["verdict"]["outcome"], judged["fingerprint"]) == (
        "check",
        "confirmed",
        down["fingerprint"],
    )


def test_a_verdict_says_whether_there_is_anybody_to_escalate_to(responder, settings, store):
    (down,) = recorded(store, event())
    assert "escalates" not in responder.conclude(down, DOWN)["verdict"]
    told = settings.model_copy(update={"slack": settings.slack.model_copy(update={"escalate_to": "C0OTHER001"})})
    judged = Responder(told, store, None).conclude(down, DOWN)
    validate(judged, schema())
    assert judged["verdict"]["escalates"] is True


def test_run_twice_the_thread_looks_as_if_it_ran_once(responder, store, slack):
    (down,) = recorded(store, event())
    for _ in range(2):
        responder.announce(down)
        responder.conclude(down, DOWN)
    assert len(messages(slack)) == 2
    assert not responder.announce(down), "an answered event wants no second login"


def test_a_second_run_that_finds_it_over_says_so_where_the_first_had_found_it_down(responder, store, slack):
    """The first was killed as it ended, so it was started again; meanwhile the link came back."""
    (down,) = recorded(store, event())
    responder.announce(down)
    responder.conclude(down, DOWN)
    responder.conclude(down, UP)
    parent, verdict, recovered = messages(slack)
    assert "RECOVERED" in parent["text"]
    assert "confirmed" in verdict["text"]
    assert "RECOVERED" in recovered["text"]


def test_a_run_that_looked_before_the_end_and_speaks_after_it_says_nothing(responder, store, slack):
    down, up = recorded(store, event(), event(phase="clear", at=NOW + timedelta(seconds=3)))
    responder.announce(down)
    responder.recover(up, UP)
    responder.conclude(down, DOWN)
    parent, recovered = messages(slack)
    assert "RECOVERED" in parent["text"]
    assert "RECOVERED" in recovered["text"]


def test_when_the_link_is_back_the_parent_turns_green_and_the_channel_hears_it(responder, store, slack):
    down, up = recorded(store, event(), event(phase="clear", at=NOW + timedelta(seconds=250)))
    responder.announce(down)
    responder.conclude(down, DOWN)
    responder.clock.now = NOW + timedelta(seconds=252)
    responder.recover(up, UP)
    parent, _verdict, reply = messages(slack)
    assert parent["text"].startswith("🟢 RECOVERED")
    assert parent["attachments"][0]["color"].upper() == "#12B76A"
    assert reply["subtype"] == "thread_broadcast"
    assert "4m12s" in reply["text"]
    assert store.incident(down["incident"]["id"]).state == "resolved"


def test_recovering_twice_says_it_once(responder, store, slack):
    down, up = recorded(store, event(), event(phase="clear"))
    responder.announce(down)
    for _ in range(2):
        responder.recover(up, UP)
    assert len(messages(slack)) == 2


def test_a_fault_that_comes_back_soon_goes_on_in_its_thread_which_is_red_again(responder, store, slack):
    down, up = recorded(store, event(), event(phase="clear", at=NOW + timedelta(seconds=20)))
    responder.announce(down)
    responder.conclude(down, DOWN)
    responder.clock.now = NOW + timedelta(seconds=30)
    responder.recover(up, UP)
    (again,) = recorded(store, event(at=NOW + timedelta(seconds=90)))
    assert again["incident"] == {"id": down["incident"]["id"], "state": "new"}
    assert responder.announce(again), "it wants a login of its own"
    parent, *_ = messages(slack)
    assert "RECOVERED" not in parent["text"]
    responder.conclude(again, DOWN)
    parent, *replies = messages(slack)
    assert "confirmed" in parent["text"]
    assert {reply["thread_ts"] for reply in replies} == {parent["ts"]}
    assert len(replies) == 4, "verdict, recovery, back, verdict"
    assert replies[2]["subtype"] == "thread_broadcast", "an edit reaches no telephone"
    assert replies[2]["text"] == "🔴 DOWN AGAIN rt-tyo-01 Gi0/1 · was over for 1m00s"
    assert "|07:00:37> → " in str(parent["blocks"]), "since when it had been over"


def test_an_incident_that_was_closed_meanwhile_is_over_for_a_late_run(responder, store, slack):
    (down,) = recorded(store, event())
    responder.announce(down)
    responder.conclude(down, UP)
    store.close_resolved(NOW + timedelta(hours=1))
    judged = responder.conclude(down, DOWN)
    validate(judged, schema())
    assert judged["incident"]["state"] == "resolved"
    assert messages(slack)[0]["text"].startswith("🟢")


def test_when_the_check_disagrees_with_the_clear_the_incident_stays_open(responder, store, slack):
    down, up = recorded(store, event(), event(phase="clear"))
    responder.announce(down)
    responder.recover(up, DOWN)
    assert store.incident(down["incident"]["id"]).state == "open"
    assert "STILL DOWN" in pushes(slack)[-1]


def test_when_it_was_raised_again_meanwhile_the_old_clear_resolves_nothing(responder, store, slack):
    down, up, _again = recorded(
        store, event(), event(phase="clear", at=NOW + timedelta(seconds=1)), event(at=NOW + timedelta(seconds=5))
    )
    responder.announce(down)
    responder.clock.now = NOW + timedelta(seconds=5, milliseconds=500)
    responder.recover(up, UP)  # looked at the device from 4.5 s on, before the second raise
    assert store.incident(down["incident"]["id"]).state == "open"
    assert "raised again" in pushes(slack)[-1]


def test_a_clear_from_a_device_nobody_can_log_in_to_counts_and_says_it_was_not_verified(responder, store, slack):
    down, up = recorded(store, event(), event(phase="clear", at=NOW + timedelta(seconds=2)))
    responder.announce(down)
    responder.conclude(down, UNREACHABLE)
    responder.recover(up, UNREACHABLE)
    assert store.incident(down["incident"]["id"]).state == "resolved"
    reply = messages(slack)[-1]
    assert "RECOVERED" in reply["text"]
    assert "not verified" in str(reply["blocks"]).lower()


def test_a_link_that_was_back_before_anybody_looked_is_resolved(responder, store, slack):
    (down,) = recorded(store, event())
    responder.announce(down)
    responder.conclude(down, UP)
    assert store.incident(down["incident"]["id"]).state == "resolved"
    assert messages(slack)[0]["text"].startswith("🟢")


def test_an_administratively_down_link_is_expected_and_does_not_shout(responder, store, slack):
    down, up = recorded(store, event(), event(phase="clear", at=NOW + timedelta(seconds=2)))
    responder.announce(down)
    responder.conclude(down, ADMIN_DOWN)
    responder.recover(up, UP)
    assert all(message.get("subtype") != "thread_broadcast" for message in messages(slack))


def test_the_thread_says_what_was_in_the_way_of_the_login(responder, store, slack):
    down, up = recorded(store, event(), event(phase="clear", at=NOW + timedelta(seconds=2)))
    responder.announce(down)
    waited = "waited 12 s: another run (incident A-000001 on noc-02, process 4711, since 16:00:07)"
    responder.conclude(down, replace(DOWN, waited=waited))
    responder.recover(up, replace(UP, waited=waited))
    parent, verdict, recovery = messages(slack)
    assert waited in str(verdict["blocks"])
    assert waited in str(recovery["blocks"])
    assert "waited" not in str(parent), "the parent says what is, not how it was found out"


def test_an_unreachable_device_is_said_with_the_reason(responder, store, slack):
    (down,) = recorded(store, event())
    responder.announce(down)
    responder.conclude(down, UNREACHABLE)
    assert "Connection refused" in str(messages(slack)[1]["blocks"])


def test_long_outputs_become_a_file_in_the_thread(responder, store, slack):
    (down,) = recorded(store, event())
    long = replace(DOWN, outputs=(Output("show logging", "\n".join(f"line {n}" for n in range(400))),))
    responder.announce(down)
    responder.conclude(down, long)
    (file,) = slack.workspace.files.values()
    assert b"line 399" in file.content
    slack.workspace.files.clear()


def test_a_fault_on_an_unknown_device_gets_its_thread_without_a_login(responder, store, slack):
    unknown = event()
    unknown = replace(unknown, host=replace(unknown.host, name="203.0.113.9", known=False, os=None, site=None))
    (down,) = recorded(store, unknown)
    responder.note(down)
    parent, reply = messages(slack)
    assert "203.0.113.9" in parent["text"]
    assert "does not know" in str(reply["blocks"])
    (up,) = recorded(store, replace(unknown, id=event().id, phase="clear", received_at=NOW + timedelta(seconds=9)))
    responder.note(up)
    assert store.incident(down["incident"]["id"]).state == "resolved"


@pytest.mark.parametrize("problem", ["source_storm", "source_quiet"])
def test_what_fannel_saw_itself_is_a_thread_from_beginning_to_end(responder, store, slack, problem):
    sender = Sender(event().host, event().source, "snmp_trap")
    (down,) = recorded(store, Notice(problem, "raise", sender, "heard nothing for 900 s").event(NOW))
    responder.note(down)
    parent, reply = messages(slack)
    assert "heard nothing for 900 s" in parent["text"]
    assert "nobody logged in" not in str(reply["blocks"])
    (up,) = recorded(store, Notice(problem, "clear", sender, "heard again").event(NOW + timedelta(seconds=4)))
    responder.note(up)
    assert store.incident(down["incident"]["id"]).state == "resolved"
    assert "RECOVERED" in messages(slack)[0]["text"]


def test_what_was_lost_is_one_message(responder, store, slack):
    (lost,) = recorded(store, lost_event({"kernel": 1200}, received_at=NOW, receiver="noc-01"))
    responder.note(lost)
    (message,) = messages(slack)
    assert message["text"].startswith("🔴 FANNEL lost 1,200 notifications")


def test_information_is_one_message_said_once(responder, store, slack):
    (restart,) = recorded(store, event(phase="info"))
    for _ in range(2):
        responder.note(restart)
    (message,) = messages(slack)
    assert "coldStart" in message["text"]
    assert "thread_ts" not in message


def test_while_slack_is_down_the_work_goes_on_and_the_thread_follows(responder, store, slack):
    (down,) = recorded(store, event())
    slack.faults.add(Fault("http_before", "*", times=50, status=503))
    assert responder.announce(down)
    responder.conclude(down, DOWN)
    assert messages(slack) == []
    assert store.incident(down["incident"]["id"]).verdict["outcome"] == "confirmed"
    slack.faults.clear()
    responder.clock.now += timedelta(minutes=10)
    responder._outbox.deliver()
    parent, reply = messages(slack)
    assert reply["thread_ts"] == parent["ts"]


def test_without_slack_the_incident_is_still_judged(settings, store):
    silent = settings.model_copy(update={"slack": settings.slack.model_copy(update={"bot_token": None})})
    responder = Responder(silent, store, open_outbox(silent, store))
    (down,) = recorded(store, event())
    assert responder.announce(down)
    responder.conclude(down, DOWN)
    assert store.incident(down["incident"]["id"]).verdict["outcome"] == "confirmed"
    assert store.posts.unsent() == []


def test_an_incident_of_another_database_is_an_error_that_says_what_to_set(responder, store):
    (down,) = recorded(store, event())
    down["incident"]["id"] = "A-000000"
    with pytest.raises(UnknownIncidentError, match="FANNEL_CONFIG"):
        responder.announce(down)


def looks(store, event):
    """What is on record of looks at the device; posts are, too."""
    found = store.activities.of_incident(event["incident"]["id"])
    return [one for one in found if one.kind in ("run", "output")]


def test_what_a_check_did_and_what_the_device_printed_is_on_record(responder, store):
    raised, cleared = recorded(store, event(), event(phase="clear"))
    responder.conclude(raised, DOWN)
    responder.recover(cleared, UNREACHABLE)
    checked, printed, again = looks(store, raised)
    assert (checked.kind, checked.event_id) == ("run", raised["id"])
    assert checked.summary == f"check of interface_down: confirmed: {DOWN.reason}"
    assert (printed.kind, printed.summary, printed.body) == ("output", DOWN.outputs[0].command, SHOW)
    assert "Connection refused" in again.summary


def test_where_nobody_looked_no_check_is_on_record(responder, store):
    unknown = replace(event(), host=replace(event().host, known=False))
    (raised,) = recorded(store, unknown)
    responder.note(raised)
    assert looks(store, raised) == []


def test_in_japanese_the_whole_thread_is_in_japanese_and_in_the_readers_zone(settings, store, slack):
    japanese = settings.slack.model_copy(update={"language": "ja", "time_zone": "Asia/Tokyo"})
    told = settings.model_copy(update={"slack": japanese})
    clock = Clock()
    responder = Responder(told, store, open_outbox(told, store, clock), clock)
    down, up = recorded(store, event(), event(phase="clear", at=NOW + timedelta(seconds=250)))
    responder.announce(down)
    clock.forward(2)
    responder.conclude(down, DOWN)
    slack.faults.add(Fault("http_before", "*", times=50, status=503))
    clock.now = NOW + timedelta(seconds=252)
    responder.recover(up, UP)
    slack.faults.clear()
    clock.forward(600)
    responder._outbox.deliver()
    parent, verdict, recovery = pushes(slack)
    assert parent.startswith("🟢 復旧 rt-tyo-01 Gi0/1 · 障害時間 4分12秒")
    assert verdict.startswith("🔴 rt-tyo-01 Gi0/1 ダウン確認: ")
    assert recovery.startswith("16:04 🟢 復旧 rt-tyo-01 Gi0/1"), "07:04 is UTC"
