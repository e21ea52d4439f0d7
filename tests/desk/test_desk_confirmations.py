"""What is broad waits for a second person: somebody else, who may, in time."""

from datetime import timedelta

import pytest
from desking import ALERTS, BOB, KEI, RIN, SILENCES
from events import NOW

from fannel.desk.confirmations import lapse
from fannel.lab.slack.faults import Fault
from fannel.slack.inbound.heard import Click

HOUR = timedelta(hours=1)
BROAD = "silence rt-tyo-0* 2h core work"


@pytest.fixture
def lapsing(settings, store, clock):
    return lambda: lapse(settings(), store, clock.now)


class TestWaiting:
    def test_nothing_is_silenced_until_somebody_else_confirms_it(self, chat, store):
        chat = chat()
        ts = chat.say(BROAD)
        assert store.silences.listed(9) == []
        assert chat.answer(ts).splitlines() == [
            "⏳ *Waits for a second person*  `rt-tyo-0*`",
            "*When:* 2026-11-22 16:00 JST – 2026-11-22 18:00 JST (2h00m)",
            "*Hosts:* 7 · *By:* On Call · *Reason:* core work",
            "*Because:* it is about 7 hosts, more than 5",
            "Nothing is silenced until somebody else confirms it, before 2026-11-22 17:00 JST.",
            "[Confirm]",
        ]
        assert chat.emoji(ts) == ["hourglass_flowing_sand"]

    def test_the_list_tells_of_it(self, chat):
        chat = chat()
        chat.say(BROAD)
        answer = chat.answer(chat.say("silences"))
        assert answer.splitlines()[:2] == ["🔔 Nothing is silenced.", "⏳ *1 waits for a second person*"]
        assert answer.splitlines()[2].startswith("`rt-tyo-0*`  2026-11-22 16:00 JST – 2026-11-22 18:00 JST · On Call")

    def test_in_japanese_too(self, chat):
        chat = chat()
        ts = chat.say("rt-tyo-0* 2時間静観")
        assert "*承認が必要な理由:* 対象が 7 台 (5 台超)" in chat.answer(ts)
        assert chat.answer(ts).endswith("[承認]")

    @pytest.mark.parametrize(
        ("text", "why", "told"),
        [
            ("silence rt-osa-01 25h", "it lasts longer than 24 hours", {}),
            ("silence rt-tyo-01 2h", "it is about a whole device of the role core", {"silences__broad_roles": "Core"}),
            ("silence rt-tyo-01, rt-osa-01 2h", "it is about 2 hosts, more than 1", {"silences__broad_hosts": "1"}),
        ],
    )
    def test_what_is_long_or_about_a_critical_device_is_broad(self, chat, text, why, told):
        chat = chat(**told)
        assert f"*Because:* {why}" in chat.answer(chat.say(text))

    @pytest.mark.parametrize(
        "text", ["silence rt-tyo-01 Gi0/1 2h", "silence bgp on rt-tyo-01 2h", "silence rt-osa-01 2h"]
    )
    def test_part_of_a_critical_device_and_all_of_another_are_not(self, chat, text):
        chat = chat(silences__broad_roles="core")
        assert chat.emoji(chat.say(text)) == ["no_bell"]


class TestConfirming:
    def test_a_second_person_confirms_it_and_it_is_done(self, chat, store, clock):
        chat = chat()
        ts = chat.say(BROAD)
        button = chat.answer_ts(ts)
        chat.click(button)
        (silence,) = store.silences.listed(9)
        assert (silence.author, silence.changed_by) == ("slack:On Call", "slack:On Call, confirmed by Rin")
        assert silence.ends_at == NOW + 2 * HOUR
        assert chat.answer(ts).startswith("🔕 *Silenced*  #1  `rt-tyo-0*`")
        assert chat.answer(ts).endswith("confirmed by Rin")
        assert chat.emoji(ts) == ["no_bell"]
        assert "[Confirm]" not in "".join(chat.thread(ts)), "the button is gone"
        assert chat.thread(ts)[0].startswith("⚪ *confirmed by Rin*  `rt-tyo-0*`")

    def test_who_asked_cannot_confirm_it(self, chat, store):
        chat = chat()
        ts = chat.say(BROAD)
        chat.click(chat.answer_ts(ts), user=KEI)
        assert store.silences.listed(9) == []
        assert chat.aside() == ["❌ *Not done:* you asked for it: somebody else has to confirm it"]
        assert "[Confirm]" in chat.answer(ts)

    def test_who_may_not_cannot_confirm_it(self, chat, store):
        chat = chat(permissions__confirm=BOB)
        ts = chat.say(BROAD)
        chat.click(chat.answer_ts(ts), user=RIN)
        assert store.silences.listed(9) == []
        assert chat.aside() == ["❌ *Not done:* that is for others here: `permissions.confirm` names who may"]
        chat.click(chat.answer_ts(ts), user=BOB)
        assert len(store.silences.listed(9)) == 1

    def test_clicked_by_two_it_is_done_once_and_the_second_is_told(self, chat, store):
        chat = chat()
        button = chat.answer_ts(chat.say(BROAD))
        value = "1"
        chat.click(button, user=RIN)
        chat.click(button, user=BOB, value=value)
        assert len(store.silences.listed(9)) == 1
        assert chat.aside()[-1] == "❌ *Not done:* Rin has confirmed it already: #1"

    def test_a_click_on_what_is_nobody_s_is_answered(self, chat):
        chat = chat()
        button = chat.answer_ts(chat.say(BROAD))
        for value in ("77", "1; DROP TABLE", "", "9" * 40, "-1", "１"):
            chat.desk.clicked(Click(RIN, SILENCES, button, "fannel.confirm", value, "1.0", response_url(chat, button)))
        assert set(chat.aside()) == {
            "❌ *Not done:* that does not wait any more: it was changed, withdrawn, or is over"
        }
        assert len(chat.aside()) == 6

    def test_where_slack_does_not_take_the_answer_it_is_done_all_the_same(self, chat, store, slack):
        chat = chat()
        ts = chat.say(BROAD)
        button = chat.answer_ts(ts)
        slack.faults.add(Fault("http_before", "response_url"))
        chat.desk.clicked(Click(RIN, SILENCES, button, "fannel.confirm", "1", "1.0", "http://127.0.0.1:9/gone"))
        chat.deliver()
        assert len(store.silences.listed(9)) == 1
        assert chat.answer(ts).endswith("confirmed by Rin")

    def test_one_of_several_leaves_the_others_their_buttons(self, chat, store):
        chat = chat()
        ts = chat.say("silence rt-tyo-0* 2h\nsilence rt-osa-01 25h")
        button = chat.answer_ts(ts)
        chat.click(button, value="1")
        assert chat.thread(ts)[0].count("[Confirm]") == 2
        chat.click(button, value="2")
        assert len(store.silences.listed(9)) == 2

    def test_a_longer_end_waits_too_and_the_silence_holds_as_it_was(self, chat, store):
        chat = chat()
        asked = chat.say("silence rt-osa-01 20h")
        ts = chat.say("extend #1 10h")
        assert store.silences.one(1).ends_at == NOW + 20 * HOUR
        assert "#1 holds as it was until somebody else confirms it" in chat.answer(ts)
        chat.click(chat.answer_ts(ts))
        assert store.silences.one(1).ends_at == NOW + 30 * HOUR
        assert chat.answer(ts).startswith("🔕 *Silence extended*  #1")
        assert chat.answer(asked).startswith("🔕 *Silence extended*  #1")

    def test_what_was_meant_to_last_longer_and_is_over_stays_over(self, chat, store, clock):
        chat = chat()
        chat.say("silence rt-osa-01 20h")
        ts = chat.say("extend #1 10h")
        chat.say("resume #1", user=RIN)
        chat.click(chat.answer_ts(ts))
        assert store.silences.current(clock.now) == []
        assert chat.aside() == ["❌ *Not done:* silence #1 has ended: add another one"]


class TestWhatBecomesOfIt:
    def test_nobody_confirmed_it_in_time(self, chat, store, clock, lapsing):
        chat = chat()
        ts = chat.say(BROAD)
        assert lapsing() == 0
        clock.forward(3600)
        assert [lapsing(), lapsing()] == [1, 0]
        chat.deliver()
        assert chat.answer(ts) == ("⌛ *Lapsed:* `rt-tyo-0*`\nnobody confirmed it within 1h00m: nothing was changed")
        assert len(chat.thread(ts)) == 2
        assert chat.emoji(ts) == ["x"]
        assert chat.thread(ts)[0].startswith("⚪ *Lapsed*  `rt-tyo-0*`"), "and the button is gone"
        chat.click(chat.thread_ts(ts)[0], value="1")
        assert store.silences.listed(9) == []
        assert "does not wait any more" in chat.aside()[-1]

    def test_a_minute_late_is_late_even_where_nobody_looked(self, chat, store, clock):
        chat = chat()
        button = chat.answer_ts(chat.say(BROAD))
        clock.forward(3600)
        chat.click(button)
        assert store.silences.listed(9) == []

    def test_an_edit_withdraws_it_and_asks_anew(self, chat, store):
        chat = chat()
        ts = chat.say(BROAD)
        old = chat.answer_ts(ts)
        chat.edit(ts, "silence rt-tyo-0* 3h")
        assert chat.thread(ts)[0].startswith("⚪ *Withdrawn*  `rt-tyo-0*`")
        chat.click(old, value="1")
        assert store.silences.listed(9) == []
        chat.click(chat.answer_ts(ts))
        assert store.silences.one(1).ends_at == NOW + 3 * HOUR

    def test_a_silence_that_an_edit_makes_broad_holds_as_it_was_until_it_is_confirmed(self, chat, store, clock):
        chat = chat()
        ts = chat.say("silence rt-tyo-01 2h")
        chat.edit(ts, "silence rt-tyo-0* 2h")
        assert store.silences.one(1).revision == 1
        chat.click(chat.answer_ts(ts))
        assert [one.value for one in store.silences.one(1).scopes[0]] == ["rt-tyo-0*"]
        chat.edit(ts, "silence rt-tyo-01 2h", edited="1795332000.000000")
        assert [one.id for one in store.silences.current(clock.now)] == [1]

    def test_a_confirmed_one_follows_its_message(self, chat, store, clock):
        chat = chat()
        ts = chat.say(BROAD)
        chat.click(chat.answer_ts(ts))
        chat.delete(ts)
        assert store.silences.current(clock.now) == []

    def test_a_deletion_withdraws_it(self, chat, store):
        chat = chat()
        ts = chat.say(BROAD)
        button = chat.answer_ts(ts)
        chat.delete(ts)
        assert chat.answer(ts) == "🔔 *Withdrawn:* the message was deleted; nobody confirms it any more"
        assert chat.thread(ts)[0].startswith("⚪ *Withdrawn*  `rt-tyo-0*`")
        chat.click(button, value="1")
        assert store.silences.listed(9) == []


def response_url(chat, ts, channel=SILENCES):
    return chat.slack.people.click(channel, ts, "fannel.confirm", user=RIN, value="1")["response_url"]


def test_another_button_is_not_the_desk_s(chat, store):
    chat = chat()
    chat.desk.clicked(Click(RIN, ALERTS, "1.000001", "fannel.ack", "A-1", "1.0", "http://127.0.0.1:9/"))
    assert store.silences.listed(9) == []
