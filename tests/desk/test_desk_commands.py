"""The slash command: requests as in a message; what changed something is seen by all, the rest by who typed it."""

from datetime import timedelta

import pytest
from desking import ALERTS, KEI, LOBBY, RIN, SILENCES, shown
from events import NOW

from fannel.slack.inbound.heard import Command

HOUR = timedelta(hours=1)
RT1 = "rt-tyo-01.example.net"


def test_a_silence_is_posted_where_everybody_sees_it_and_has_a_thread(chat, store, clock):
    chat = chat()
    chat.slash("silence rt-tyo-01 2h card swap")
    (message,) = chat.messages()
    assert shown(message).splitlines() == [
        f"🔕 *Silenced*  #1  `{RT1}`",
        "*When:* 2026-11-22 16:00 JST – 2026-11-22 18:00 JST (2h00m)",
        "*Hosts:* 1 · *By:* On Call · *Reason:* card swap",
    ]
    assert chat.aside() == []
    chat.say("extend 1h", thread=message["ts"], user=RIN)
    assert store.silences.one(1).ends_at == NOW + 3 * HOUR
    chat.say("resume", thread=message["ts"], user=RIN)
    assert store.silences.current(clock.now) == []


def test_one_that_ends_elsewhere_is_told_in_its_thread(chat, store):
    chat = chat()
    chat.slash("silence rt-tyo-01, rt-osa-01 2h")
    (message,) = chat.messages()
    chat.slash("resume rt-osa-01", user=RIN)
    assert "Silence narrowed" in shown(chat.messages()[1])
    assert chat.answer(message["ts"]).startswith("🔔 *Silence narrowed*  #1")


@pytest.mark.parametrize("text", ["", "help", "  help  ", "使い方"])
def test_help_is_for_who_asked(chat, text):
    chat = chat()
    chat.slash(text)
    (told,) = chat.aside()
    assert "`resume #7`" in told
    assert chat.messages() == []


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("list", "🔔 Nothing is silenced."),
        ("silences", "🔔 Nothing is silenced."),
        ("静観一覧", "🔔 静観中の対象なし。"),
        ("silence rt-tyo-01", f"❌ *Not done:* no end is named\n*Write:* `silence {RT1} 2h`"),
        ("resume #7", "❌ *Not done:* there is no silence #7"),
        (
            "status rt-tyo-99",
            "❌ *Not done:* that means no host that is known now\n*Write:* `status rt-tyo-01.example.net`",
        ),
    ],
)
def test_what_changes_nothing_is_for_who_asked(chat, text, answer):
    chat = chat()
    chat.slash(text)
    assert chat.aside() == [answer]
    assert chat.messages() == []


def test_how_a_host_is(chat):
    chat = chat()
    chat.slash("status rt-tyo-01")
    assert chat.aside()[0].startswith(f"ℹ️ `{RT1}`  tyo1 · core · Cisco IOS-XE\n🟢 Nothing is wrong")


def test_what_is_no_request_is_answered_with_help(chat):
    chat = chat()
    chat.slash("make me a sandwich")
    (told,) = chat.aside()
    assert told.startswith("❌ *Not done:* that holds no request\n")
    assert "`resume #7`" in told


def test_several_lines_are_told_each_where_it_belongs(chat, store):
    chat = chat()
    chat.slash("silence rt-tyo-01 2h\nsilence rt-tyo-99 2h")
    assert [shown(one)[:11] for one in chat.messages()] == ["🔕 *Silenced"]
    assert [told[:11] for told in chat.aside()] == ["❌ *Not done"]


def test_a_broad_one_is_posted_for_others_to_confirm(chat, store):
    chat = chat()
    chat.slash("silence rt-tyo-0* 2h")
    (message,) = chat.messages()
    assert shown(message).endswith("[Confirm]")
    chat.click(message["ts"], user=KEI)
    assert store.silences.listed(9) == []
    chat.click(message["ts"], user=RIN)
    assert store.silences.one(1).author == "slack:On Call"
    assert chat.answer(message["ts"]).startswith("🔕 *Silenced*  #1")
    chat.say("resume", thread=message["ts"])
    assert store.silences.one(1).what == "expired"


def test_heard_twice_it_is_done_once_and_typed_twice_it_is_done_twice(chat, store, slack):
    chat = chat()
    typed = slack.people.slash(SILENCES, "silence rt-tyo-01 2h", user=KEI)
    command = Command(KEI, SILENCES, "silence rt-tyo-01 2h", typed["response_url"], NOW.isoformat())
    for _ in range(2):
        chat.desk.commanded(command)
        chat.deliver()
    assert len(store.silences.listed(9)) == len(chat.messages()) == 1
    chat.slash("silence rt-tyo-01 2h")
    assert len(store.silences.listed(9)) == 2


def test_after_an_outage_a_duration_still_begins_when_it_was_typed(chat, store, clock):
    chat = chat()
    clock.forward(600)
    chat.desk.commanded(Command(KEI, SILENCES, "silence rt-tyo-01 1h", "http://127.0.0.1:9/", NOW.isoformat()))
    silence = store.silences.one(1)
    assert (silence.starts_at, silence.ends_at) == (NOW + timedelta(minutes=10), NOW + HOUR)


def test_from_another_channel_only_who_is_named_may_and_it_is_told_where_silences_are(chat, store):
    everybody = chat()
    everybody.slash("silence rt-tyo-01 2h", channel=LOBBY)
    assert everybody.aside() == [f"❌ *Not done:* not in this channel: ask in <#{SILENCES}>"]
    named = chat(permissions__silence=KEI)
    named.slash("silence rt-tyo-01 2h", channel=LOBBY)
    assert named.aside()[-1] == f"Done, and told in <#{SILENCES}>."
    assert named.messages(LOBBY) == []
    assert shown(named.messages()[0]).startswith("🔕 *Silenced*  #1")


def test_in_the_alerts_channel_it_is_told_there(chat):
    chat = chat()
    chat.slash("silence rt-tyo-01 2h", channel=ALERTS)
    assert shown(chat.messages(ALERTS)[0]).startswith("🔕 *Silenced*  #1")
