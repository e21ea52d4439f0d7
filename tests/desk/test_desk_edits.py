"""A message stands for its silences: edited, they follow; edited into nonsense, they hold; deleted, they end."""

from datetime import timedelta

import pytest
from desking import KEI, RIN, SILENCES
from events import NOW

from fannel.slack.inbound.heard import Message

HOUR = timedelta(hours=1)


def live(store, clock):
    return [one.id for one in store.silences.current(clock.now)]


class TestAnEdit:
    def test_a_refused_request_is_read_again(self, chat, store):
        chat = chat()
        ts = chat.say("silence rt-tyo-01")
        chat.edit(ts, "silence rt-tyo-01 2h")
        assert store.silences.one(1).ends_at == NOW + 2 * HOUR, "from when it was written"
        assert [answer[:11] for answer in chat.thread(ts)] == ["❌ *Not done", "🔕 *Silenced"]
        assert chat.emoji(ts) == ["no_bell"]

    def test_a_registered_one_is_replaced_and_keeps_its_number(self, chat, store, clock):
        chat = chat()
        ts = chat.say("silence rt-tyo-01 2h card swap")
        chat.edit(ts, "silence rt-osa-01 3h fan swap")
        assert live(store, clock) == [1]
        silence = store.silences.one(1)
        assert (silence.what, silence.revision, silence.reason) == ("changed", 2, "fan swap")
        assert silence.ends_at == NOW + 3 * HOUR
        assert chat.answer(ts).startswith("🔕 *Silence changed*  #1  `rt-osa-01.example.net`")
        assert chat.emoji(ts) == ["no_bell"]

    def test_one_that_changes_nothing_says_so(self, chat, store):
        chat = chat()
        ts = chat.say("silence rt-tyo-01 2h card swap")
        chat.edit(ts, "please silence rt-tyo-01 2h card swap")
        assert store.silences.one(1).revision == 1
        assert chat.answer(ts).startswith("🔕 *Silenced as before*  #1")

    def test_a_line_more_is_a_silence_more_and_a_line_less_ends_one(self, chat, store, clock):
        chat = chat()
        ts = chat.say("silence rt-tyo-01 2h")
        chat.edit(ts, "silence rt-tyo-01 2h\nsilence rt-osa-01 2h")
        assert live(store, clock) == [1, 2]
        chat.edit(ts, "silence rt-tyo-01 2h")
        assert live(store, clock) == [1]
        assert "🔔 *Silence ended*  #2" in chat.answer(ts)

    @pytest.mark.parametrize(
        "text", ["silence rt-tyo-99 2h", "silence rt-tyo-01", "never mind", "don't silence rt-tyo-01"]
    )
    def test_into_what_is_not_understood_it_changes_nothing_and_what_holds_is_said(self, chat, store, clock, text):
        chat = chat()
        ts = chat.say("silence rt-tyo-01 2h card swap")
        chat.edit(ts, text)
        assert store.silences.one(1).revision == 1
        assert "❌ *Not done:*" in chat.answer(ts)
        assert (
            "*Still holds:*\n#1  `rt-tyo-01.example.net`  2026-11-22 16:00 JST – 2026-11-22 18:00 JST"
            in chat.answer(ts)
        )
        assert chat.emoji(ts) == ["no_bell", "x"]

    def test_back_again_it_is_as_before(self, chat, store):
        chat = chat()
        ts = chat.say("silence rt-tyo-01 2h")
        chat.edit(ts, "silence rt-tyo-99 2h")
        chat.edit(ts, "silence rt-tyo-01 2h")
        assert store.silences.one(1).revision == 1
        assert chat.emoji(ts) == ["no_bell"]

    def test_into_a_question_it_loses_its_mark(self, chat):
        chat = chat()
        ts = chat.say("silence rt-tyo-01")
        chat.edit(ts, "silences")
        assert chat.answer(ts) == "🔔 Nothing is silenced."
        assert chat.emoji(ts) == []

    def test_into_talk_an_answered_refusal_is_left_alone(self, chat, store):
        chat = chat()
        ts = chat.say("silence rt-tyo-01")
        chat.edit(ts, "never mind")
        assert len(chat.thread(ts)) == 1
        assert store.silences.listed(9) == []

    def test_a_word_more_takes_back_neither_an_extension_nor_what_calls_again(self, chat, store):
        chat = chat()
        ts = chat.say("silence rt-tyo-01, rt-osa-01 2h card swap")
        chat.say("extend #1 2h", user=RIN)
        chat.say("resume rt-osa-01", user=RIN)
        for number, reason in enumerate(("CHG-1 card swap", "CHG-2 card swap")):
            chat.edit(ts, f"silence rt-tyo-01, rt-osa-01 2h {reason}", edited=f"17953320{number}0.000000")
            silence = store.silences.one(1)
            assert (silence.reason, silence.what, len(silence.scopes)) == (reason, "reworded", 1)
            assert silence.ends_at == NOW + 4 * HOUR
            assert "`rt-tyo-01.example.net`\n*When:* 2026-11-22 16:00 JST – 2026-11-22 20:00 JST" in chat.answer(ts)
        chat.edit(ts, "silence rt-tyo-01, rt-osa-01 3h card swap", edited="1795332100.000000")
        assert (store.silences.one(1).ends_at, len(store.silences.one(1).scopes)) == (NOW + 3 * HOUR, 2)

    def test_the_first_line_less_leaves_the_second_its_silence(self, chat, store, clock):
        chat = chat()
        ts = chat.say("silence rt-tyo-01 2h\nsilence rt-osa-01 2h")
        chat.edit(ts, "silence rt-osa-01 2h")
        assert live(store, clock) == [2]
        assert store.silences.one(2).revision == 1

    def test_what_is_over_by_then_is_not_brought_back(self, chat, store, clock):
        chat = chat()
        ts = chat.say("silence rt-tyo-01 1h")
        clock.forward(2 * 3600)
        chat.edit(ts, "silence rt-tyo-01 1h card swap")
        assert live(store, clock) == []
        assert "was over before this was heard" in chat.answer(ts)

    def test_what_somebody_ended_is_not_brought_back_by_a_word_more(self, chat, store, clock):
        chat = chat()
        ts = chat.say("silence rt-tyo-01 2h card swap")
        chat.say("resume #1", user=RIN)
        for number, word in enumerate(("(done)", "(done, thanks)")):
            chat.edit(ts, f"silence rt-tyo-01 2h card swap {word}", edited=f"17953320{number}0.000000")
            assert live(store, clock) == []
            assert "silence #1 has ended: add another one" in chat.answer(ts)
        chat.edit(ts, "silence rt-osa-01 2h", edited="1795332100.000000")
        assert live(store, clock) == [2], "another host is another request"

    def test_a_resume_is_not_done_again_and_not_undone(self, chat, store, clock):
        chat = chat()
        chat.say("silence rt-tyo-01 2h\nsilence rt-osa-01 2h")
        ts = chat.say("resume rt-tyo-01")
        chat.edit(ts, "resume rt-tyo-01 please")
        assert len(chat.thread(ts)) == 1
        chat.edit(ts, "resume rt-osa-01")
        assert live(store, clock) == [2]
        assert "an edit does not undo it" in chat.answer(ts)

    def test_who_may_not_silence_does_not_change_one_by_an_edit(self, chat, store):
        mine = chat(permissions__silence=KEI)
        ts = mine.say("silence rt-tyo-01 2h")
        other = chat(permissions__silence=RIN)
        other.edit(ts, "silence rt-tyo-01 3h")
        assert store.silences.one(1).revision == 1
        assert "*Still holds:*" in other.answer(ts)

    def test_two_edits_of_one_second_are_both_heard(self, chat, store):
        chat = chat()
        ts = chat.say("silence rt-tyo-01 1h")
        chat.edit(ts, "silence rt-tyo-01 2h", edited="1795331000.000000")
        chat.edit(ts, "silence rt-tyo-01 3h", edited="1795331000.000000")
        assert store.silences.one(1).ends_at == NOW + 3 * HOUR

    def test_an_older_version_that_is_heard_later_is_nothing(self, chat, store):
        chat = chat()
        ts = chat.say("silence rt-tyo-01 1h", hear=False)
        newest = chat.edit(ts, "silence rt-tyo-01 3h", edited="1795331200.000000", hear=False)
        chat.hear(newest)
        chat.hear(Message(SILENCES, ts, KEI, "silence rt-tyo-01 2h", edited_ts="1795331100.000000"))
        chat.hear(Message(SILENCES, ts, KEI, "silence rt-tyo-01 1h"))
        chat.hear(newest)
        assert store.silences.one(1).ends_at == NOW + 3 * HOUR
        assert len(chat.thread(ts)) == 1


class TestADeletion:
    def test_it_ends_what_the_message_asked_for_and_says_so(self, chat, store, clock):
        chat = chat()
        ts = chat.say("silence rt-tyo-01 2h card swap")
        chat.delete(ts)
        assert live(store, clock) == []
        assert store.silences.one(1).changed_by == "slack:deleted"
        assert chat.answer(ts).startswith("🔔 *Withdrawn:* the message was deleted\n#1  `rt-tyo-01.example.net`")

    def test_once(self, chat, store):
        chat = chat()
        ts = chat.say("silence rt-tyo-01 2h")
        chat.delete(ts)
        chat.hear(Message(SILENCES, ts, "", "", deleted=True))
        assert len(chat.thread(ts)) == 2
        assert store.silences.one(1).revision == 2

    def test_of_talk_it_says_nothing(self, chat):
        chat = chat()
        ts = chat.say("good morning")
        chat.delete(ts)
        assert chat.messages() == []

    def test_heard_before_what_was_deleted_that_asks_for_nothing(self, chat, store):
        chat = chat()
        ts = chat.say("silence rt-tyo-01 2h", hear=False)
        chat.hear(Message(SILENCES, ts, "", "", deleted=True))
        chat.hear(Message(SILENCES, ts, KEI, "silence rt-tyo-01 2h"))
        assert store.silences.listed(9) == []
        assert chat.thread(ts) == []
