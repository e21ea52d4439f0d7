"""Requests in Slack: done exactly as they are understood, and said; or refused, and why."""

from datetime import timedelta

import pytest
from desking import ALERTS, BOB, DEVICES, KEI, LOBBY, ME, RIN, SILENCES, keep_hosts, shown
from events import NOW, event
from posting import post

from fannel.incidents.silence import described
from fannel.lab.slack.faults import Fault
from fannel.slack.inbound.heard import Message

HOUR = timedelta(hours=1)
RT1 = "rt-tyo-01.example.net"


def kept(store, clock):
    """What is silenced now: scopes, start and end, author, reason."""
    return [
        (described(one.scopes), one.starts_at, one.ends_at, one.author, one.reason)
        for one in store.silences.current(clock.now)
    ]


class TestASilence:
    def test_it_is_kept_and_said_precisely(self, chat, store, clock):
        chat = chat()
        ts = chat.say("silence rt-tyo-01 Gi0/1 until 18:00, card swap")
        end = NOW.replace(hour=9, minute=0, second=0)
        (silence,) = store.silences.current(NOW)
        assert (silence.id, silence.origin) == (1, f"slack:{SILENCES}:{ts}")
        assert kept(store, clock) == [(f"host={RT1} interface=Gi0/1", NOW, end, "slack:On Call", "card swap")]
        (answer,) = chat.thread(ts)
        assert answer == (
            f"🔕 *Silenced*  #1  `{RT1}:Gi0/1`\n"
            "*When:* 2026-11-22 16:00 JST – 2026-11-22 18:00 JST (1h59m)\n"
            "*Hosts:* 1 · *By:* On Call · *Reason:* card swap"
        )
        assert chat.emoji(ts) == ["no_bell"]

    def test_a_request_in_japanese_is_answered_in_japanese(self, chat):
        chat = chat()
        ts = chat.say("rt-tyo-01、rt-osa-01 22:00〜翌5:00 静観お願いします 理由: コア更改")
        (answer,) = chat.thread(ts)
        assert answer == (
            f"🔕 *静観登録*  #1  `{RT1}` `rt-osa-01.example.net`\n"
            "*期間:* 2026-11-22 22:00 JST 〜 2026-11-23 05:00 JST (7時間00分)\n"
            "*対象:* 2台 · *依頼者:* On Call · *理由:* コア更改"
        )

    def test_times_are_of_the_zone_of_who_writes(self, chat, store):
        chat = chat()
        ts = chat.say("silence rt-tyo-01 until 18:00", user=BOB)
        assert "2026-11-22 08:00 CET – 2026-11-22 18:00 CET" in chat.answer(ts)
        assert store.silences.one(1).ends_at == NOW.replace(hour=17, minute=0, second=0)

    def test_several_lines_are_several_requests_with_one_answer(self, chat, store, clock):
        chat = chat()
        ts = chat.say("silence rt-tyo-01 2h\nsilence rt-osa-99 2h\nsilence rt-osa-01 1h")
        assert [scopes for scopes, *_ in kept(store, clock)] == [f"host={RT1}", "host=rt-osa-01.example.net"]
        (answer,) = chat.thread(ts)
        assert [line[0] for line in answer.splitlines() if line[0] in "🔕❌"] == ["🔕", "❌", "🔕"]
        assert chat.emoji(ts) == ["no_bell", "x"]

    def test_a_group_is_counted(self, chat):
        chat = chat(silences__broad_hosts="50")
        ts = chat.say("silence site tyo1 role edge 30m")
        assert "`site tyo1 role edge`" in chat.answer(ts)
        assert "*Hosts:* 6 ·" in chat.answer(ts)

    def test_a_sender_that_nobody_knows_is_a_host_too(self, chat):
        chat = chat()
        assert "*Hosts:* 1 ·" in chat.answer(chat.say("silence host 192.0.2.77 2h"))
        assert "*Hosts:* 2 ·" in chat.answer(chat.say("silence host 192.0.2.77, rt-tyo-01 2h"))

    def test_two_hundred_hosts_are_one_silence(self, chat, store, tmp_path):
        chat = chat(silences__broad_hosts="500")
        names = [f"rt-lab-{number:03}" for number in range(200)]
        keep_hosts(
            tmp_path / "directory.json",
            [type(DEVICES[0])(name, n, (f"198.51.100.{n}",)) for n, name in enumerate(names)],
        )
        ts = chat.say(f"silence {', '.join(names)} 2h")
        assert len(store.silences.one(1).scopes) == 200
        assert "*Hosts:* 200 ·" in chat.answer(ts)
        assert "and 197 more" in chat.answer(ts)


class TestARefusal:
    def test_it_says_why_and_what_would_be_valid(self, chat, store):
        chat = chat()
        ts = chat.say("silence rt-tyo-01")
        assert chat.thread(ts) == [f"❌ *Not done:* no end is named\n*Write:* `silence {RT1} 2h`"]
        assert chat.emoji(ts) == ["x"]
        assert store.silences.listed(9) == []

    def test_in_japanese_too(self, chat):
        chat = chat()
        ts = chat.say("rt-tyo-01 静観お願いします")
        assert chat.answer(ts).startswith("❌ *受付不可:* 終了時刻の指定がありません\n*記入例:*")

    def test_what_may_be_typed_as_it_stands_is_marked_so(self, chat):
        chat = chat()
        ts = chat.say("silence rt-tyo-99 2h")
        assert "write it behind `reason:`)" in chat.answer(ts)

    def test_what_was_over_before_it_was_heard_is_not_silenced(self, chat, store, clock):
        chat = chat()
        ts = chat.say("silence rt-tyo-01 1h", hear=False)
        clock.forward(2 * 3600)
        chat.hear(Message(SILENCES, ts, KEI, "silence rt-tyo-01 1h"))
        assert "2026-11-22 17:00 JST was over before this was heard" in chat.answer(ts)
        assert store.silences.listed(9) == []

    def test_without_a_list_of_hosts_that_is_said(self, chat, tmp_path):
        chat = chat(pagoda__cache_file=str(tmp_path / "nowhere.json"))
        ts = chat.say("silence rt-tyo-01 2h")
        assert "the list of hosts cannot be read now: nowhere.json" in chat.answer(ts)

    @pytest.mark.parametrize("text", ["good morning", "the silence was nice", "> silence rt-tyo-01 2h", "", "~resume~"])
    def test_talk_has_no_answer(self, chat, store, text):
        chat = chat()
        ts = chat.say(text)
        assert (chat.thread(ts), chat.emoji(ts)) == ([], [])
        assert not store.requests.known(SILENCES, ts)


def test_an_answer_that_is_too_long_for_one_message_is_several(chat, slack):
    chat = chat(silences__broad_hosts="50")
    lines = [f"silence rt-tyo-0?:TenGigabitEthernet0/0/0/{n} 2h reason: {'&' * 280}" for n in range(20)]
    ts = chat.say("\n".join(lines))
    answers = chat.thread(ts)
    assert len(answers) > 1
    assert [f"#{number} " in "".join(answers) for number in range(1, 21)] == [True] * 20
    posted = [call for call in slack.workspace.calls if call[0] == "chat.postMessage"]
    assert all("blocks" in arguments for _, arguments in posted), "Slack took each as it is"


class TestTheEndOfOne:
    def test_a_silence_is_resumed_by_its_host(self, chat, store, clock):
        chat = chat()
        chat.say("silence rt-tyo-01 2h")
        ts = chat.say("resume rt-tyo-01", user=RIN)
        assert kept(store, clock) == []
        assert store.silences.one(1).changed_by == "slack:Rin"
        assert chat.answer(ts).startswith(f"🔔 *Silence ended*  #1  `{RT1}`\n")
        assert chat.answer(ts).endswith("*By:* Rin")
        assert chat.emoji(ts) == ["bell"]

    def test_part_of_one_that_goes_is_said_with_what_stays(self, chat, store, clock):
        chat = chat()
        asked = chat.say("silence rt-tyo-01, rt-osa-01 2h")
        ts = chat.say("静観解除 rt-osa-01", user=RIN)
        assert [scopes for scopes, *_ in kept(store, clock)] == [f"host={RT1}"]
        assert chat.answer(ts).splitlines()[:2] == ["🔔 *静観一部解除*  #1", "*通知再開:* `rt-osa-01.example.net`"]
        # Who asked for it hears of it, in the language of the channel.
        assert chat.answer(asked).splitlines()[:2] == [
            "🔔 *Silence narrowed*  #1",
            "*Calls again:* `rt-osa-01.example.net`",
        ]

    def test_an_interface_of_a_silent_host_cannot_be_resumed_alone(self, chat, store, clock):
        chat = chat()
        chat.say("silence rt-tyo-01 2h")
        ts = chat.say("resume rt-tyo-01 Gi0/1")
        assert "silence #1 is about more" in chat.answer(ts)
        assert len(kept(store, clock)) == 1

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("resume #77", "there is no silence #77"),
            ("resume rt-osa-01", "nothing is silenced there"),
            ("extend #1 until 16:30", "silence #1 lasts as long already"),
            ("extend #1 30d", "the longest is 7 days"),
            ("extend #77 2h", "there is no silence #77"),
            ("静観解除 #77", "静観 #77 はありません"),
            ("静観解除 rt-osa-01", "該当する静観はありません: host=rt-osa-01"),
            ("#1 静観延長 16:30まで", "静観 #1 は既にその時刻まで有効です"),
        ],
    )
    def test_what_cannot_be_changed_is_refused(self, chat, text, why):
        chat = chat()
        chat.say("silence rt-tyo-01 2h")
        ts = chat.say(text)
        assert why in chat.answer(ts)
        assert chat.emoji(ts) == ["x"]

    def test_a_silence_is_extended_by_its_number_or_its_host(self, chat, store):
        chat = chat()
        asked = chat.say("silence rt-tyo-01 2h")
        ts = chat.say("extend #1 2h", user=RIN)
        assert store.silences.one(1).ends_at == NOW + 4 * HOUR
        assert chat.answer(ts).startswith(
            f"🔕 *Silence extended*  #1  `{RT1}`\n*When:* 2026-11-22 16:00 JST – 2026-11-22 20:00"
        )
        assert chat.answer(asked).startswith("🔕 *Silence extended*  #1")
        chat.say("rt-tyo-01 静観延長 21:00まで")
        assert store.silences.one(1).ends_at == NOW.replace(hour=12, minute=0, second=0)

    def test_one_that_is_about_more_is_extended_by_its_number_alone(self, chat):
        chat = chat()
        chat.say("silence rt-tyo-01, rt-osa-01 2h")
        ts = chat.say("extend rt-tyo-01 2h")
        assert "is about more" in chat.answer(ts)


class TestAsking:
    def test_what_is_silenced_is_listed(self, chat):
        chat = chat()
        assert chat.answer(chat.say("silences")) == "🔔 Nothing is silenced."
        chat.say("silence rt-tyo-01 2h card swap")
        assert chat.answer(chat.say("静観一覧", user=RIN)) == (
            f"🔕 *静観 1件*\n#1  `{RT1}`  2026-11-22 16:00 JST 〜 2026-11-22 18:00 JST · On Call · card swap"
        )

    def test_a_long_list_is_cut_and_slack_takes_it(self, chat):
        chat = chat()
        for _ in range(3):
            chat.say("\n".join(f"silence rt-tyo-0{n}:Gi0/{m} 2h {'x' * 300}" for n in range(1, 8) for m in (1, 2)))
        answer = chat.answer(chat.say("fannel silences"))
        assert answer.startswith("🔕 *42 silences*")
        assert answer.endswith("… and 12 more: `fannel silence list`")

    def test_help_says_how_to_write(self, chat):
        chat = chat()
        assert "`silence rt-tyo-01 2h card swap`" in chat.answer(chat.say("help"))
        assert "`静観解除 rt-tyo-01`" in chat.answer(chat.say("使い方"))

    def test_how_a_host_is(self, chat, store):
        store.record([(event(), b"")])
        chat = chat()
        chat.say("silence rt-tyo-01 Gi0/2 2h")
        answer = chat.answer(chat.say("status rt-tyo-01"))
        assert answer.splitlines()[0] == f"ℹ️ `{RT1}`  tyo1 · core · Cisco IOS-XE"
        assert "🔴 *1 fault*" in answer
        assert "🔴 interface down  `Gi0/1`  since 2026-11-22 16:00 JST · A-" in answer
        assert f"#1  `{RT1}:Gi0/2`" in answer
        assert "障害 1件" in chat.answer(chat.say("rt-tyo-01の状態は？"))
        assert "Nothing is wrong" in chat.answer(chat.say("status rt-osa-01"))
        assert "sw1 is several hosts" in chat.answer(chat.say("status sw1"))
        assert chat.thread(chat.say("status meeting")) == []


class TestWhere:
    def test_outside_the_channels_of_silences_a_mention_is_needed(self, chat, store):
        chat = chat(permissions__silence=KEI)
        assert chat.thread(chat.say("silence rt-tyo-01 2h", channel=LOBBY), LOBBY) == []
        assert chat.thread(chat.say("silence rt-tyo-01 2h", channel=ALERTS), ALERTS) == []
        assert store.silences.listed(9) == []
        ts = chat.say(f"{ME} silence rt-tyo-01 2h", channel=LOBBY)
        assert chat.answer(ts, LOBBY).startswith("🔕 *Silenced*  #1")
        ts = chat.say(f"{ME} what now", channel=LOBBY)
        assert chat.answer(ts, LOBBY) == "❌ *Not done:* that holds no request\n*Write:* `silence HOST 2h`"

    def test_elsewhere_nobody_may_who_is_not_named(self, chat, store):
        chat = chat()
        ts = chat.say(f"{ME} silence rt-tyo-01 2h", channel=LOBBY)
        assert chat.answer(ts, LOBBY) == f"❌ *Not done:* not in this channel: ask in <#{SILENCES}>"
        assert chat.answer(chat.say(f"{ME} silences", channel=LOBBY), LOBBY) == "🔔 Nothing is silenced."

    def test_without_a_channel_of_its_own_the_alerts_channel_hears_all(self, chat, store):
        chat = chat(silences__channels="")
        ts = chat.say("silence rt-tyo-01 2h", channel=ALERTS)
        assert chat.emoji(ts, ALERTS) == ["no_bell"]

    def alert(self, chat, store, **facts):
        """An alert in Slack; the ts of its thread."""
        (recorded,) = store.record([(event(**facts), b"")])
        incident_id = recorded.incident["id"]
        store.posts.want(post(incident_id, "parent", f"{incident_id}/parent"))
        chat.deliver()
        return store.thread(incident_id)[1]

    def test_in_the_thread_of_an_alert_its_interface_is_meant(self, chat, store, clock):
        chat = chat()
        alert = self.alert(chat, store)
        ts = chat.say("silence 2h", channel=ALERTS, thread=alert)
        assert kept(store, clock)[0][0] == f"host={RT1} interface=GigabitEthernet0/1"
        assert chat.emoji(ts, ALERTS) == ["no_bell"]
        assert chat.answer(alert, ALERTS).startswith(f"🔕 *Silenced*  #1  `{RT1}:GigabitEthernet0/1`")
        ts = chat.say("resume", channel=ALERTS, thread=alert)
        assert kept(store, clock) == []
        assert chat.emoji(ts, ALERTS) == ["bell"]

    def test_talk_there_is_talk(self, chat, store):
        chat = chat()
        alert = self.alert(chat, store)
        chat.say("on it, 2h at least", channel=ALERTS, thread=alert)
        assert chat.thread(alert, ALERTS) == []

    def test_in_the_thread_of_a_silence_that_one_is_meant(self, chat, store, clock):
        chat = chat()
        asked = chat.say("silence rt-tyo-01 2h")
        ts = chat.say("extend 1h", thread=asked)
        assert store.silences.one(1).ends_at == NOW + 3 * HOUR
        assert len(chat.thread(asked)) == 2, "said once, though it is both where it was asked and where it is told"
        chat.say("静観解除", thread=asked)
        assert kept(store, clock) == []
        assert chat.emoji(ts) == ["no_bell"]

    def test_fannel_s_own_messages_and_bots_that_nobody_named_ask_for_nothing(self, chat, store):
        # Even where somebody names FANNEL itself: it must not answer its own answers.
        chat(permissions__bots="B0FANNEL01").say("silence rt-tyo-01 2h", user="U0FANNEL01", bot="B0FANNEL01")
        quiet = chat()
        quiet.say("silence rt-tyo-01 2h", user="U0FORM", bot="B0FORM")
        assert store.silences.listed(9) == []
        chat(permissions__bots="B0FORM", permissions__silence=RIN).say(
            "silence rt-tyo-01 2h", user="U0FORM", bot="B0FORM"
        )
        assert store.silences.one(1).author == "slack:bot B0FORM"


class TestWhoMay:
    def test_who_may_not_gets_a_clear_no(self, chat, store):
        chat = chat(permissions__silence=RIN)
        ts = chat.say("silence rt-tyo-01 2h")
        assert chat.answer(ts) == "❌ *Not done:* that is for others here: `permissions.silence` names who may"
        assert chat.emoji(ts) == ["x"]
        assert "権限がありません" in chat.answer(chat.say("rt-tyo-01 2時間静観"))
        assert store.silences.listed(9) == []

    def test_each_action_is_permitted_by_itself(self, chat, store):
        chat = chat(permissions__resume=RIN, permissions__extend=BOB)
        chat.say("silence rt-tyo-01 2h")
        assert chat.emoji(chat.say("resume #1")) == ["x"]
        assert chat.emoji(chat.say("extend #1 1h", user=RIN)) == ["x"]
        assert chat.emoji(chat.say("extend #1 1h", user=BOB)) == ["no_bell"]
        assert chat.emoji(chat.say("resume #1", user=RIN)) == ["bell"]


class TestOnce:
    def test_the_same_message_heard_twice_is_done_once(self, chat, store):
        chat = chat()
        ts = chat.say("silence rt-tyo-01 2h")
        chat.hear(Message(SILENCES, ts, KEI, "silence rt-tyo-01 2h"))
        assert len(store.silences.listed(9)) == 1
        assert len(chat.thread(ts)) == 1

    def test_posted_twice_it_is_two_silences_that_overlap(self, chat, store):
        chat = chat()
        chat.say("silence rt-tyo-01 2h")
        chat.say("silence rt-tyo-01 2h")
        assert len(store.silences.listed(9)) == 2

    def test_an_answer_that_slack_did_not_take_comes_later_and_the_request_is_done_once(
        self, chat, store, slack, clock
    ):
        chat = chat()
        slack.faults.add(Fault("http_before", "chat.postMessage", times=2))
        ts = chat.say("silence rt-tyo-01 2h")
        assert len(store.silences.listed(9)) == 1
        clock.forward(120)
        chat.deliver()
        assert len(chat.thread(ts)) == 1

    def test_while_slack_does_not_tell_who_asks_nothing_is_done_and_it_is_heard_again(self, chat, store, slack):
        chat = chat()
        slack.faults.add(Fault("http_before", "users.info"))
        with pytest.raises(Exception, match=r"users\.info"):
            chat.say("silence rt-tyo-01 2h")
        assert store.silences.listed(9) == []
        ts = chat.messages()[0]["ts"]
        chat.hear(Message(SILENCES, ts, KEI, "silence rt-tyo-01 2h"))
        assert chat.emoji(ts) == ["no_bell"]

    def test_what_is_heard_late_says_so_and_begins_when_it_is_heard(self, chat, store, clock):
        chat = chat()
        ts = chat.say("silence rt-tyo-01 2h", hear=False)
        clock.forward(1800)
        chat.hear(Message(SILENCES, ts, KEI, "silence rt-tyo-01 2h"))
        (silence,) = store.silences.listed(9)
        assert (silence.starts_at, silence.ends_at) == (NOW + HOUR / 2, NOW + 2 * HOUR)
        assert chat.answer(ts).endswith("🕒 *Late:* heard 30m00s after it was written")


@pytest.mark.parametrize(
    "reason",
    [
        "<!channel> <!here> <@U0BOB> <http://evil.example/|click>",
        "*bold* _it_ ~no~ `code` :fire: &lt;!channel&gt;",
        "{{ lookup('pipe','id') }} {% raw %}",
        "'; DROP TABLE silences; --",
        "\u202egnp.exe \u200b\x1b[31m\x00 １２３",
        "x" * 4000,
        "\n".join(["silence"] * 50),
    ],
)
def test_hostile_text_neither_calls_nor_formats_and_slack_takes_it(chat, store, reason):
    chat = chat()
    ts = chat.say(f"silence rt-tyo-01 2h reason: {reason}")
    assert store.silences.one(1) is not None
    answers = chat.thread(ts)
    assert answers
    for answer in answers:
        assert "<!" not in answer
        assert "<@" not in answer
        assert "http://evil" not in answer
        assert "\u202e" not in answer
    assert max(len(message["text"]) for message in chat.messages() if "bot_id" in message) <= 150


def test_a_hostile_name_is_harmless(chat, slack, store):
    slack.workspace.users["U0EVIL"] = {"id": "U0EVIL", "name": "x", "real_name": "<!channel>*a*\n{{x}}", "tz": "UTC"}
    chat = chat()
    ts = chat.say("silence rt-tyo-01 2h", user="U0EVIL")
    assert "&lt;!channel&gt;∗a∗ {{x}}" in chat.answer(ts)
    assert shown(chat.messages()[-1]).count("\n") == 2
