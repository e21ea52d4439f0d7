"""Buttons: what each does, in whose name, once; and what is told where nothing was done."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from answering import DOWN, UP, recorded
from desking import ALERTS, BOB, KEI, RIN
from events import NOW, event
from typer.testing import CliRunner

from fannel.cli.app import app
from fannel.event import Host, Subject
from fannel.incidents import lease
from fannel.incidents.recheck import RecheckPolicy
from fannel.incidents.silence import Matcher, Silence, SilenceError
from fannel.incidents.store import StoreError
from fannel.incidents.store.beats import OBSERVER
from fannel.lab.slack.faults import Fault
from fannel.respond import Responder
from fannel.slack.choice import Longer

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
TOKEN = {"SLACK_APP_TOKEN": "xapp-1-test"}
ACK, SILENCE, RECHECK, DETAILS = (f"fannel.{name}" for name in ("ack", "silence", "recheck", "details"))


class Alert:
    """An alert in the channel, with its buttons."""

    def __init__(self, chat, store, settings, clock, happened):
        self.chat = chat
        self.store = store
        (self.event,) = recorded(store, happened)
        self.id = self.event["incident"]["id"]
        self.responder = Responder(settings, store, chat.outbox, clock)
        self.responder.announce(self.event)
        self.ts = store.thread(self.id)[1]

    def click(self, action, part=None, *, user=RIN, **more):
        value = None if part is None else f"{self.id}/{part}"
        return self.chat.click(self.ts, user=user, channel=ALERTS, action=action, value=value, **more)

    def thread(self):
        return self.chat.thread(self.ts, ALERTS)

    def buttons(self):
        (attachment,) = self.chat.slack.workspace.messages[ALERTS][self.ts]["attachments"]
        rows = [block["elements"] for block in attachment["blocks"] if block["type"] == "actions"]
        return [one["action_id"] for row in rows for one in row]

    def clicks(self):
        return [one.summary for one in self.store.activities.of_incident(self.id) if one.kind == "click"]

    @property
    def incident(self):
        return self.store.incident(self.id)


@pytest.fixture
def alert(chat, store, settings, clock):
    def made(happened=None, *, observer=True, **variables):
        # The observer says every few seconds that it is alive.
        if observer:
            store.beats.beat(OBSERVER, clock.now + MINUTE)
        desk = chat(**TOKEN, **variables)
        return Alert(desk, store, settings(**TOKEN, **variables), clock, happened or event())

    return made


class TestAck:
    def test_who_clicked_has_it_and_the_thread_says_so(self, alert):
        alert = alert()
        alert.click(ACK)
        assert (alert.incident.state, alert.incident.acknowledged_by) == ("acknowledged", "slack:Rin")
        assert alert.thread()[-1].startswith("👤 *ACKNOWLEDGED*  `rt-tyo-01`  `Gi0/1`  by *Rin*")
        assert alert.chat.aside() == [], "the thread says it"
        assert alert.clicks() == ["button ack by slack:Rin: done"]
        (change,) = [one for one in alert.store.history(alert.id) if one.what == "acknowledged"]
        assert change.who == "slack:Rin"

    def test_the_button_goes_and_the_first_message_names_them(self, alert):
        alert = alert()
        assert alert.buttons() == [ACK, SILENCE, RECHECK, DETAILS]
        alert.click(ACK)
        assert alert.buttons() == [SILENCE, RECHECK, DETAILS]
        parent = alert.chat.slack.workspace.messages[ALERTS][alert.ts]
        assert "*Acknowledged:* Rin" in str(parent["blocks"])

    def test_the_second_is_told_who_has_it(self, alert):
        alert = alert()
        value = alert.click(ACK).value
        said = len(alert.thread())
        alert.chat.click(alert.ts, user=BOB, channel=ALERTS, action=ACK, value=value)
        assert alert.chat.aside() == ["👤 Rin has it since 2026-11-22 08:00 CET."]
        assert len(alert.thread()) == said
        assert alert.clicks()[-1] == "button ack by slack:Bob: somebody has it"

    def test_heard_twice_it_is_said_once(self, alert):
        alert = alert()
        click = alert.click(ACK)
        said = alert.thread()
        alert.chat.desk.clicked(click)
        alert.chat.deliver()
        assert alert.thread() == said

    def test_the_timeline_of_the_incident_names_them(self, alert, store, tmp_path):
        alert = alert()
        alert.click(ACK)
        environ = {"FANNEL_DATABASE__URL": f"sqlite:///{tmp_path}/fannel.sqlite3"}
        shown = CliRunner().invoke(app, ["incidents", "show", alert.id], env=environ).output
        assert "acknowledged by slack:Rin" in shown
        assert "click    button ack by slack:Rin: done" in shown


class TestSilence:
    @pytest.mark.parametrize(
        ("part", "scope", "lasts"),
        [
            ("fault/1h", {"host": "rt-tyo-01.example.net", "interface": "GigabitEthernet0/1"}, HOUR),
            ("fault/4h", {"host": "rt-tyo-01.example.net", "interface": "GigabitEthernet0/1"}, 4 * HOUR),
            ("host/1h", {"host": "rt-tyo-01.example.net"}, HOUR),
            # 09:00 in UTC, where the site is: two hours, less seven seconds.
            ("host/morning", {"host": "rt-tyo-01.example.net"}, 2 * HOUR - timedelta(seconds=7)),
        ],
    )
    def test_exactly_that_is_silenced_for_so_long_in_the_name_of_who_clicked(self, alert, store, part, scope, lasts):
        alert = alert()
        alert.click(SILENCE, part)
        (kept,) = store.silences.listed(9)
        assert [{one.field: one.value for one in scopes} for scopes in kept.scopes] == [scope]
        assert abs(kept.ends_at - kept.starts_at - lasts) < timedelta(seconds=1)
        assert (kept.author, kept.reason) == ("slack:Rin", f"from alert {alert.id}")

    def test_the_thread_says_what_is_silenced_until_when(self, alert, store):
        alert = alert()
        alert.click(SILENCE, "fault/1h")
        assert alert.thread()[-1].splitlines() == [
            "🔕 *Silenced*  #1  `rt-tyo-01.example.net:GigabitEthernet0/1`",
            "*When:* 2026-11-22 07:00 UTC – 2026-11-22 08:00 UTC (1h00m)",
            f"*Hosts:* 1 · *By:* Rin · *Reason:* from alert {alert.id}",
        ]
        assert alert.chat.aside() == []
        assert alert.clicks() == ["button silence fault 1h by slack:Rin: silence #1"]

    def test_the_first_message_says_until_when_and_turns_grey(self, alert):
        alert = alert()
        alert.click(SILENCE, "fault/1h")
        alert.responder.retell(alert.id)
        alert.chat.deliver()
        parent = alert.chat.slack.workspace.messages[ALERTS][alert.ts]
        assert "*Silence:* 🔕 #1 until <!date^" in str(parent["blocks"])
        assert parent["attachments"][0]["color"] == "#98A2B3"

    def test_its_end_is_told_in_the_thread_of_the_alert_which_gets_no_emoji(self, alert, store):
        alert = alert()
        alert.click(SILENCE, "fault/1h")
        assert store.silences.one(1).origin == f"slack:{ALERTS}:{alert.ts}"

    def test_heard_twice_there_is_one(self, alert, store, clock):
        alert = alert()
        clock.forward(30)
        click = alert.click(SILENCE, "fault/1h")
        said = alert.thread()
        alert.chat.desk.clicked(click)
        alert.chat.deliver()
        assert len(store.silences.listed(9)) == 1
        assert alert.thread() == said
        assert alert.clicks()[-1] == "button silence fault 1h by slack:Rin: done before"

    def test_who_dies_in_the_middle_has_done_nothing_and_the_click_is_done_when_it_is_heard_again(
        self, alert, store, monkeypatch
    ):
        alert = alert()
        click = alert.click(SILENCE, "fault/1h", hear=False)

        def dies(*_, **__):
            raise StoreError("the database went away")

        with monkeypatch.context() as broken:
            broken.setattr("fannel.desk.answering.Answering.say", dies)
            with pytest.raises(StoreError):
                alert.chat.desk.clicked(click)
        assert store.silences.listed(9) == []
        alert.chat.desk.clicked(click)
        assert len(store.silences.listed(9)) == 1

    def test_a_critical_host_as_a_whole_waits_for_somebody_else(self, alert, store):
        alert = alert(silences__broad_roles="core")
        alert.click(SILENCE, "host/1h", user=KEI)
        assert store.silences.listed(9) == []
        assert "[Confirm]" in alert.thread()[-1]
        assert alert.clicks() == ["button silence host 1h by slack:On Call: waits for a second person"]
        asked = alert.chat.thread_ts(alert.ts, ALERTS)[-1]
        alert.chat.click(asked, user=BOB, channel=ALERTS)
        (kept,) = store.silences.listed(9)
        assert kept.author == "slack:On Call"

    def test_a_click_that_was_heard_after_its_silence_would_be_over_says_so(self, alert, store, clock):
        alert = alert()
        click = alert.click(SILENCE, "fault/1h", hear=False)
        clock.forward(3700)
        alert.chat.desk.clicked(click)
        assert store.silences.listed(9) == []
        alert.chat.deliver()
        who, said = alert.thread()[-1].splitlines()
        assert who.startswith("To Rin, who clicked at"), "Slack takes no answer aside after half an hour"
        assert "was over before this was heard" in said
        assert alert.clicks() == ["button silence fault 1h by slack:Rin: refused"]

    def test_a_part_without_a_name_cannot_be_silenced_exactly(self, alert, store):
        nameless = replace(event(), subject=Subject("interface", ifindex=7))
        alert = alert(nameless)
        click = alert.click(SILENCE, "host/1h", hear=False)
        alert.chat.desk.clicked(replace(click, value=f"{alert.id}/fault/1h"))
        assert store.silences.listed(9) == []
        assert "nothing exact can be silenced" in alert.chat.aside()[0]


class TestRecheck:
    def test_it_is_asked_for_and_the_answer_comes_into_the_thread(self, alert, store, clock):
        alert = alert()
        alert.responder.conclude(alert.event, DOWN)
        alert.click(RECHECK)
        assert alert.chat.aside() == ["🔎 rt-tyo-01 is being checked; what is found comes into this thread."]
        (asking,) = store.take_rechecks(clock.now, RecheckPolicy(after=None))
        assert asking.incident["asked_by"] == "Rin"
        alert.responder.recheck(asking.to_queue(), DOWN)
        alert.chat.deliver()
        assert "re-check for Rin" in alert.thread()[-1]
        assert alert.clicks() == ["button recheck by slack:Rin: asked"]

    def test_while_another_run_is_logged_in_it_says_which(self, alert, store, clock):
        alert = alert()
        name = lease.login("rt-tyo-01.example.net")
        store.leases.acquire(name, "incident A-1 on noc-02, process 4711", 600, clock.now)
        alert.click(RECHECK)
        (said,) = alert.chat.aside()
        assert (
            "is being checked by another run (incident A-1 on noc-02, process 4711, since 2026-11-22 16:00 JST)" in said
        )
        assert store.recheck_wanted(clock.now), "it comes right after"

    def test_who_asks_while_somebody_waits_is_told_so(self, alert):
        alert = alert()
        alert.click(RECHECK)
        alert.click(RECHECK, user=BOB)
        assert alert.chat.aside()[-1] == "🔎 Rin asked for that already; what is found comes into this thread."

    @pytest.mark.parametrize(
        ("host", "says"),
        [
            (Host("192.0.2.99", known=False), "pagoda does not know 192.0.2.99"),
            (Host("rt-x.example.net", known=True, os="acmeos"), "There is no check for interface down on acmeos"),
        ],
    )
    def test_what_nobody_can_look_at_is_said(self, alert, store, clock, host, says):
        alert = alert(replace(event(), host=host))
        alert.chat.click(alert.ts, channel=ALERTS, action=RECHECK, value=alert.id)
        assert says in alert.chat.aside()[0]
        assert not store.recheck_wanted(clock.now)


class TestDetails:
    def test_they_are_for_whoever_asked_and_nobody_else(self, alert, store):
        alert = alert()
        alert.responder.conclude(alert.event, DOWN)
        alert.click(ACK, user=KEI)
        alert.click(SILENCE, "fault/1h", user=BOB)
        said = len(alert.thread())
        alert.click(DETAILS)
        (answer,) = alert.chat.slack.people.answers
        assert (answer["user"], answer["body"]["response_type"]) == (RIN, "ephemeral")
        assert answer["body"]["replace_original"] is False
        (shown,) = alert.chat.aside()
        for fact in (
            "*State:* acknowledged, by On Call",
            "*Verdict:* DOWN, confirmed: link and line protocol are down",
            "*Silence:* #1 until",
            "Bob: from alert",
            "reported: IF-MIB::linkDown (snmp_trap)",
            "judged by check: confirmed:",
            "acknowledged by On Call",
            "button silence fault 1h by slack:Bob: silence #1",
            f"`fannel incidents show {alert.id}`",
        ):
            assert fact in shown
        assert len(alert.thread()) == said
        assert alert.clicks()[-1] == "button details by slack:Rin: shown"

    def test_however_much_happened_slack_takes_them(self, alert, store):
        alert = alert()
        for number in range(1, 60):
            recorded(store, event(at=NOW + timedelta(seconds=number)))
        alert.click(DETAILS)
        (shown,) = alert.chat.aside()
        assert "earlier lines" in shown
        assert len(shown) < 3000

    def test_they_are_there_for_what_is_over(self, alert, store):
        alert = alert()
        store.resolve(alert.id, as_of=NOW, who="check", now=NOW + MINUTE)
        alert.click(DETAILS)
        assert "*State:* resolved" in alert.chat.aside()[0]


class TestExtend:
    @pytest.fixture
    def warned(self, chat, store, clock):
        """A silence that ends soon; its warning's button is pressed by value."""
        store.beats.beat(OBSERVER, clock.now + MINUTE)
        made = chat(**TOKEN)
        ts = made.say("silence rt-tyo-02 1h card swap", user=KEI)
        made.ts, made.silence = ts, store.silences.one(1)

        def press(hours, user=RIN):
            value = Longer(1, made.silence.ends_at + hours * HOUR).value
            return made.chat_click(hours, value, user)

        made.chat_click = lambda hours, value, user: made.click(
            ts, user=user, action=f"fannel.extend.{hours}h", value=value
        )
        made.press = press
        return made

    def test_it_lasts_until_the_end_that_the_button_named(self, warned, store):
        before = warned.silence.ends_at
        warned.press(4)
        after = store.silences.one(1)
        assert (after.ends_at, after.what, after.changed_by) == (
            before.replace(microsecond=0) + 4 * HOUR,
            "extended",
            "slack:Rin",
        )
        assert "*Silence extended*  #1" in warned.answer(warned.ts)

    def test_two_people_who_press_the_same_do_not_add_up(self, warned, store):
        warned.press(1)
        ends_at = store.silences.one(1).ends_at
        warned.press(1, user=BOB)
        assert store.silences.one(1).ends_at == ends_at
        assert "lasts as long already" in warned.aside()[-1]

    def test_one_that_is_over_stays_over(self, warned, store, clock):
        store.silences.change([warned.silence.expired("slack:Kei", clock.now)])
        warned.press(1)
        assert "has ended" in warned.aside()[-1]
        with pytest.raises(SilenceError):
            store.silences.one(1).extended(clock.now + HOUR, "x", clock.now)

    def test_longer_than_any_silence_may_last_is_refused(self, warned, store):
        warned.press(24 * 30)
        assert store.silences.one(1).revision == 1
        assert "it would last longer than 7 days" in warned.aside()[-1]

    def test_for_more_than_a_day_it_waits_for_somebody_else(self, warned, store):
        warned.press(30)
        assert store.silences.one(1).revision == 1
        assert "[Confirm]" in warned.answer(warned.ts)


class TestStaleAndStrange:
    @pytest.mark.parametrize("action", [ACK, SILENCE, RECHECK])
    def test_an_alert_that_is_over_has_nothing_left_to_do(self, alert, store, action):
        alert = alert()
        store.resolve(alert.id, as_of=NOW, who="check", now=NOW + MINUTE)
        alert.click(action, "fault/1h" if action == SILENCE else None)
        assert alert.chat.aside() == [f"❌ {alert.id} is over since 2026-11-22 16:01 JST: nothing was done."]
        assert store.silences.listed(9) == []
        assert alert.clicks()[-1].endswith("by slack:Rin: it is over")

    @pytest.mark.parametrize(
        ("action", "value"),
        [(ACK, "A-GONE01"), (SILENCE, "A-GONE01/host/1h"), (RECHECK, "A-GONE01"), (DETAILS, "A-GONE01")],
    )
    def test_one_that_is_not_on_record_any_more_is_said_to_be(self, alert, action, value):
        alert = alert()
        click = alert.click(ACK, hear=False)
        alert.chat.desk.clicked(replace(click, action=action, value=value))
        assert alert.chat.aside() == ["❌ A-GONE01 is not on record any more: nothing was done."]

    @pytest.mark.parametrize("action", [ACK, SILENCE, RECHECK, DETAILS, "fannel.extend.1h", "fannel.next_year"])
    @pytest.mark.parametrize("value", ["", "<!channel>", "A-1/../host", "7' OR 1=1"])
    def test_what_cannot_be_read_is_answered_and_does_nothing(self, alert, store, action, value):
        alert = alert()
        click = alert.click(ACK, hear=False)
        alert.chat.desk.clicked(replace(click, action=action, value=value))
        assert "of another FANNEL" in alert.chat.aside()[0]
        assert alert.incident.acknowledged_by is None
        assert store.silences.listed(9) == []

    def test_the_buttons_go_when_it_is_over(self, alert, clock):
        alert = alert()
        clock.forward(60)
        over = recorded(alert.store, event(phase="clear", at=clock.now))[0]
        alert.responder.recover(over, UP)
        alert.chat.deliver()
        assert alert.buttons() == []


def test_people_who_read_japanese_are_answered_in_japanese(alert):
    alert = alert(slack__language="ja")
    alert.click(RECHECK)
    assert alert.chat.aside() == ["🔎 rt-tyo-01 を確認中。結果はこのスレッドに投稿。"]
    alert.click(SILENCE, "fault/1h")
    assert alert.thread()[-1].startswith("🔕 *静観登録*  #1")


class TestWho:
    @pytest.mark.parametrize(
        ("action", "setting"),
        [(ACK, "ack"), (SILENCE, "silence"), (RECHECK, "recheck"), ("fannel.extend.1h", "extend")],
    )
    def test_whoever_may_not_gets_a_clear_no_and_nothing_happens(self, alert, store, clock, action, setting):
        alert = alert(**{f"permissions__{setting}": KEI})
        value = {SILENCE: f"{alert.id}/host/1h", "fannel.extend.1h": "1/1795330807"}.get(action, alert.id)
        alert.chat.click(alert.ts, channel=ALERTS, action=action, value=value)
        assert f"`permissions.{setting}` names who may" in alert.chat.aside()[0]
        assert (alert.incident.state, store.silences.listed(9)) == ("open", [])
        assert not store.recheck_wanted(clock.now)

    def test_a_no_is_on_record(self, alert):
        alert = alert(permissions__ack=KEI)
        alert.click(ACK)
        assert alert.clicks() == ["button ack by slack:Rin: not allowed"]

    def test_details_are_for_everybody_who_sees_the_button(self, alert):
        alert = alert(permissions__ack=KEI, permissions__silence=KEI)
        alert.click(DETAILS)
        assert "*State:*" in alert.chat.aside()[0]


class TestTrouble:
    def test_while_the_observer_is_away_people_are_told_that_their_click_waits(self, alert, store, clock):
        alert = alert(observer=False)
        store.beats.beat(OBSERVER, clock.now - HOUR)
        alert.click(ACK)
        alert.click(SILENCE, "fault/1h")
        alert.click(RECHECK)
        away = "It is noted, and waits: FANNEL's observer was last seen 2026-11-22 15:00 JST."
        assert alert.chat.aside() == [
            f"👤 {away}",
            f"🔕 {away}",
            f"🔎 rt-tyo-01 is being checked; what is found comes into this thread.\n{away}",
        ]
        assert alert.incident.acknowledged_by == "slack:Rin"

    def test_an_observer_that_never_ran_is_said_to_be_missing(self, alert):
        alert = alert(observer=False)
        alert.click(ACK)
        assert alert.chat.aside() == ["👤 It is noted, and waits: FANNEL's observer does not run."]

    def test_an_answer_that_slack_does_not_take_undoes_nothing(self, alert, slack):
        alert = alert()
        click = alert.click(RECHECK, hear=False)
        alert.chat.desk.clicked(replace(click, response_url=click.response_url + "gone"))
        assert alert.incident.recheck_for == "Rin"
        alert.chat.deliver()
        assert "rt-tyo-01 is being checked" in alert.thread()[-1], "it is said in the thread instead"

    def test_while_slack_does_not_tell_who_clicked_the_click_is_heard_again(self, alert, slack):
        alert = alert()
        click = alert.click(ACK, hear=False)
        slack.faults.add(Fault("http_before", "users.info", status=503))
        with pytest.raises(Exception, match="users"):
            alert.chat.desk.clicked(click)
        assert alert.incident.acknowledged_by is None
        alert.chat.desk.clicked(click)
        assert alert.incident.acknowledged_by == "slack:Rin"


def test_what_is_silenced_for_longer_already_is_said_to_be(alert, store):
    alert = alert()
    scopes = ((Matcher("host", "equal", "rt-tyo-01.example.net"),),)
    store.silences.add(Silence(0, scopes, NOW, NOW + 9 * HOUR, "cli:me", "cli"), NOW)
    alert.click(SILENCE, "host/1h")
    assert alert.chat.aside() == ["🔕 That is silenced until 2026-11-23 01:00 JST already (#1)."]
    alert.click(SILENCE, "fault/1h")
    assert [one.id for one in store.silences.current(NOW)] == [1, 2], "a part of it may be meant to stay when it ends"
