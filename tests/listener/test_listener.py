"""What is said in Slack reaches the desk, once: through bursts, slow desks, outages, bad tickets and repetition."""

import threading

import pytest
from listening_desk import CHANNEL, WAIT_S, until, vital

from fannel.lab.slack import Fault
from fannel.listener.process import Listener
from fannel.slack.inbound.heard import Click, Command

BUTTON = {"type": "button", "action_id": "fannel.ack", "value": "A-1", "text": {"type": "plain_text", "text": "Ack"}}


def every_ack(slack):
    """How many seconds each ack took, once all envelopes have theirs."""
    until(lambda: slack.sockets.sent and slack.sockets.waiting == 0, "the last ack")
    return [ack.after_s for ack in slack.sockets.acks]


def test_a_message_a_click_and_a_command_reach_the_desk(slack, listening, desk):
    with listening():
        said = slack.people.say(CHANNEL, "silence rt1 2h")
        slack.people.click(CHANNEL, said["ts"], "fannel.ack", value="A-1")
        slack.people.slash(CHANNEL, "list")
        until(lambda: len(desk.heard) == 3)
    message = next(heard for heard in desk.heard if not isinstance(heard, (Click, Command)))
    assert (message.text, message.ts, message.user) == ("silence rt1 2h", said["ts"], "U0OPERATOR")
    click = next(heard for heard in desk.heard if isinstance(heard, Click))
    assert (click.action, click.value, click.message_ts) == ("fannel.ack", "A-1", said["ts"])
    command = next(heard for heard in desk.heard if isinstance(heard, Command))
    assert (command.text, command.user) == ("list", "U0OPERATOR")
    assert command.response_url.startswith("http")


def test_a_burst_is_acknowledged_while_the_desk_is_stuck(slack, listening, desk):
    desk.gate.clear()
    with listening():
        for number in range(100):
            slack.people.say(CHANNEL, f"message {number}")
        took = every_ack(slack)
        assert len(took) == 100
        assert desk.heard == []
        desk.gate.set()
        until(lambda: len(desk.heard) == 100)
    assert sorted(desk.texts) == sorted(f"message {number}" for number in range(100))


def test_the_ack_waits_for_no_database(slack, listening, desk, store, monkeypatch):
    with listening() as listener:
        free, put = threading.Event(), store.inbox.put
        monkeypatch.setattr(store.inbox, "put", lambda entries: free.wait(WAIT_S) and put(entries))
        slack.people.say(CHANNEL, "while the database hangs")
        every_ack(slack)
        assert desk.heard == []
        free.set()
        until(lambda: desk.texts == ["while the database hangs"])
        until(lambda: listener.counters.get("handled") == 1)


def test_what_was_said_while_nobody_listened_is_found_once(slack, listening, desk):
    with listening():
        slack.people.say(CHANNEL, "before")
        until(lambda: desk.texts == ["before"])
    slack.people.say(CHANNEL, "during")
    with listening() as listener:
        until(lambda: desk.texts == ["before", "during"])
        assert slack.sockets.redeliver() > 0
        slack.people.say(CHANNEL, "after")
        until(lambda: "after" in desk.texts)
        until(lambda: listener.counters.get("heard_again") >= 2)
    assert desk.texts == ["before", "during", "after"]


def test_what_was_said_before_fannel_came_is_not_heard(slack, listening, desk):
    old = slack.people.say(CHANNEL, "old")
    slack.people.say(CHANNEL, "old, too", thread_ts=old["ts"])
    with listening():
        slack.people.say(CHANNEL, "new")
        until(lambda: desk.texts)
    with listening():
        pass
    assert desk.texts == ["new"]


def test_replies_in_a_thread_are_found_after_an_outage(slack, listening, desk):
    with listening():
        parent = slack.people.say(CHANNEL, "parent")
        until(lambda: desk.texts == ["parent"])
    slack.people.say(CHANNEL, "reply", thread_ts=parent["ts"])
    with listening():
        until(lambda: desk.texts == ["parent", "reply"])
    assert desk.heard[1].thread_ts == parent["ts"]


def test_an_edit_and_a_deletion_are_heard(slack, listening, desk):
    with listening():
        ts = slack.people.say(CHANNEL, "silence rt1 2h")["ts"]
        until(lambda: len(desk.heard) == 1)
        slack.people.edit(CHANNEL, ts, "silence rt1 3h")
        until(lambda: len(desk.heard) == 2)
        # Slack tells edits to the second; this one is most likely in the same.
        slack.people.edit(CHANNEL, ts, "silence rt1 4h")
        until(lambda: len(desk.heard) == 3)
        slack.people.delete(CHANNEL, ts)
        until(lambda: len(desk.heard) == 4)
    assert desk.texts == ["silence rt1 2h", "silence rt1 3h", "silence rt1 4h", "silence rt1 4h"]
    assert [heard.deleted for heard in desk.heard] == [False, False, False, True]
    assert {heard.ts for heard in desk.heard} == {ts}


def test_an_edit_missed_is_found_and_a_post_that_was_edited_is_heard_as_it_is(slack, listening, desk):
    with listening():
        ts = slack.people.say(CHANNEL, "silence rt1 2h")["ts"]
        until(lambda: len(desk.heard) == 1)
    slack.people.edit(CHANNEL, ts, "silence rt1 3h")
    other = slack.people.say(CHANNEL, "silence rt2 2h")["ts"]
    slack.people.edit(CHANNEL, other, "silence rt2 3h")
    with listening():
        until(lambda: len(desk.heard) == 3)
    assert desk.texts == ["silence rt1 2h", "silence rt1 3h", "silence rt2 3h"]


def test_of_what_changed_while_the_desk_was_stuck_the_newest_is_heard(slack, listening, desk):
    desk.gate.clear()
    with listening() as listener:
        slack.people.say(CHANNEL, "keeps the desk busy")
        ts = slack.people.say(CHANNEL, "silence rt1 2h")["ts"]
        slack.people.edit(CHANNEL, ts, "silence rt1 3h")
        gone = slack.people.say(CHANNEL, "silence rt2 2h")["ts"]
        slack.people.delete(CHANNEL, gone)
        until(lambda: listener.counters.get("heard", "message") == 5)
        desk.gate.set()
        until(lambda: len(desk.heard) == 3)
    assert [(heard.text, heard.deleted) for heard in desk.heard] == [
        ("keeps the desk busy", False),
        ("silence rt1 3h", False),
        ("silence rt2 2h", True),
    ]


@pytest.mark.parametrize("end", ["abort", "freeze", "disconnect", "warning"])
def test_a_connection_that_ends_is_replaced(slack, listening, desk, end):
    with listening() as listener:
        if end == "warning":
            slack.sockets.disconnect("warning")
        else:
            getattr(slack.sockets, end)()
        slack.people.say(CHANNEL, "meanwhile")
        until(lambda: listener.counters.get("lines") == 2, "the second connection")
        slack.people.say(CHANNEL, "afterwards")
        until(lambda: len(desk.heard) == 2)
        until(lambda: slack.sockets.connections == 1, "the end of the first connection")
    assert sorted(desk.texts) == ["afterwards", "meanwhile"]


@pytest.mark.parametrize(("reason", "gaps"), [("warning", 0), ("link_disabled", 1)])
def test_with_notice_there_is_a_new_connection_before_the_old_one_goes(slack, listening, monkeypatch, reason, gaps):
    with listening() as listener:
        seen = []
        monkeypatch.setattr(listener._listening, "_away", seen.append)
        slack.sockets.disconnect(reason)
        until(lambda: listener.counters.get("lines") == 2)
        assert listener.counters.get("line_ends", reason) == 1
    assert len(seen) == gaps


def test_what_there_is_no_room_for_is_not_acknowledged_and_comes_again(slack, listening, desk, monkeypatch):
    with listening() as listener:
        monkeypatch.setattr(listener._keeper, "_most", 0)
        slack.people.say(CHANNEL, "later")
        until(lambda: listener.counters.get("unheard", "message") == 1)
        assert len(slack.sockets.acks) == 0
        monkeypatch.setattr(listener._keeper, "_most", 10)
        slack.sockets.redeliver()
        until(lambda: desk.texts == ["later"])


def test_an_expired_ticket_costs_a_new_one(slack, listening, desk):
    slack.faults.add(Fault("http_before", method="socket", status=408, times=3))
    with listening() as listener:
        assert listener.counters.get("line_failures") == 3
        slack.people.say(CHANNEL, "heard")
        until(lambda: desk.texts == ["heard"])


@pytest.mark.parametrize("fault", [Fault("error", error="invalid_auth"), Fault("garbage"), Fault("drop_before")])
def test_when_slack_gives_no_ticket_it_is_said_and_tried_again(slack, listening, desk, fault):
    slack.faults.add(Fault(fault.kind, method="apps.connections.open", error=fault.error, times=10_000))
    with listening(ready=False) as listener:
        until(lambda: listener.counters.get("line_failures") >= 3)
        said = vital(listener, "slack socket").detail
        assert "apps.connections.open" in said
        if fault.kind == "error":
            assert "SLACK_APP_TOKEN" in said
        # What is written is found all the same, by and by.
        slack.people.say(CHANNEL, "heard late")
        listener._looking.now(gap=True)
        until(lambda: desk.texts == ["heard late"])
        slack.faults.clear()
        until(lambda: vital(listener, "slack socket").detail == "connected")


def test_when_slack_is_away_at_the_start_it_is_waited_for(slack, listening, desk):
    slack.faults.add(Fault("http_before", method="auth.test", status=503, times=3))
    with listening() as listener:
        slack.people.say(CHANNEL, "heard")
        until(lambda: desk.texts == ["heard"])
        assert listener.counters.get("line_failures") + listener.counters.get("history_errors") >= 3


def test_a_rate_limit_on_the_history_is_waited_out(slack, listening, desk):
    with listening():
        slack.people.say(CHANNEL, "before")
        until(lambda: len(desk.heard) == 1)
    slack.people.say(CHANNEL, "during")
    slack.faults.add(Fault("ratelimited", method="conversations.history", retry_after_s=1, times=2))
    with listening() as listener:
        until(lambda: desk.texts == ["before", "during"])
        assert listener.counters.get("history_errors", "ratelimited") == 2


def test_what_the_desk_stumbles_over_is_tried_again(slack, listening, desk):
    desk.failures = 1
    with listening() as listener:
        slack.people.say(CHANNEL, "stumbled over")
        slack.people.say(CHANNEL, "next")
        until(lambda: len(desk.heard) == 2)
        assert listener.counters.get("desk_failures") == 1
    assert sorted(desk.texts) == ["next", "stumbled over"]


def test_clicks_outlive_a_restart(slack, listening, desk):
    desk.gate.clear()
    ts = slack.people.say(CHANNEL, "old")["ts"]
    stuck = threading.Timer(1, desk.gate.set)
    with listening() as listener:
        for _ in range(50):
            slack.people.click(CHANNEL, ts, "fannel.ack", value="A-1")
        until(lambda: listener.counters.get("heard", "click") == 50)
        stuck.start()
        listener.stop()
    with listening():
        until(lambda: len(desk.heard) >= 50)
    assert len(desk.heard) == len(set(desk.heard)) == 50


def test_nobody_is_heard_twice_by_two_listeners(slack, listening, desk):
    with listening() as first, listening() as second:
        until(lambda: slack.sockets.connections == 2)
        for number in range(20):
            slack.people.say(CHANNEL, f"message {number}")
        first._looking.now(gap=True)
        second._looking.now(gap=True)
        until(lambda: len(desk.heard) >= 20)
        until(lambda: slack.sockets.waiting == 0)
    assert sorted(desk.texts) == sorted(f"message {number}" for number in range(20))


def test_bots_and_remarks_and_strangers_are_not_heard(slack, listening, desk):
    with listening() as listener:
        slack.people.say(CHANNEL, "I am a bot", bot_id="B0OTHER")
        slack.people.say(CHANNEL, "joined", subtype="channel_join")
        slack.people.say("C0OTHER001", "elsewhere")
        slack.people.say("C0OTHER001", "elsewhere, <@U0FANNEL01>")
        slack.people.say(CHANNEL, "last")
        until(lambda: len(desk.heard) == 2)
        until(lambda: listener.counters.get("unconcerned") == 3)
    assert sorted(desk.texts) == ["elsewhere, <@U0FANNEL01>", "last"]


def test_it_ends_with_everything_it_started(slack, listening, desk):
    before = {thread.ident for thread in threading.enumerate()}
    with listening():
        slack.people.say(CHANNEL, "heard")
        until(lambda: desk.texts)
    # The stand-in's own HTTP threads are none: it runs in one loop.
    until(
        lambda: (
            {t.ident for t in threading.enumerate() if t.name.startswith(("fannel-h", "fannel-i", "fannel-d"))}
            <= before
        )
    )
    until(lambda: slack.sockets.connections == 0)


def test_what_cannot_be_read_costs_itself_alone(slack, listening, desk, monkeypatch):
    def broken(*_):
        raise KeyError("a defect")

    monkeypatch.setattr("fannel.slack.inbound.listening.command", broken)
    with listening() as listener:
        slack.people.slash(CHANNEL, "list")
        slack.people.say(CHANNEL, "next")
        until(lambda: desk.texts == ["next"])
        until(lambda: len(slack.sockets.acks) == 2)
        assert listener.counters.get("defects", "reading") == 1


def test_a_defect_that_ends_listening_ends_the_process(settings, store, desk, slack, monkeypatch):
    async def broken(_self):
        raise KeyError("a defect")

    monkeypatch.setattr("fannel.slack.inbound.listening.Listening.run", broken)
    with pytest.raises(KeyError):
        Listener(settings, store, None, desk=desk).run()


def test_the_desk_waits_are_told(slack, listening, desk):
    desk.gate.clear()
    with listening() as listener:
        slack.people.say(CHANNEL, "waits")
        until(lambda: listener.waiting_s() > 0)
        desk.gate.set()
        until(lambda: listener.waiting_s() == 0)
        assert all(found.ok for found in listener.alive())
