"""What the desk itself fails on is said to whoever asked, and to nobody who did not."""

from desking import KEI, SILENCES

from fannel.slack.inbound.heard import Click, Command, Message


def test_a_request_that_is_given_up_gets_a_mark_and_a_note_in_its_thread(chat, slack):
    chat = chat()
    ts = chat.say("silence rt-tyo-01 2h", hear=False)
    chat.desk.gave_up(Message(SILENCES, ts, KEI, "silence rt-tyo-01 2h"))
    chat.desk.gave_up(Message(SILENCES, ts, KEI, "silence rt-tyo-01 2h"))
    chat.outbox.deliver()
    thread = [one for one in slack.workspace.messages[SILENCES].values() if one.get("thread_ts") == ts != one["ts"]]
    assert len(thread) == 1
    assert "FANNEL stumbled over this" in thread[0]["text"]
    assert [one["name"] for one in slack.workspace.messages[SILENCES][ts]["reactions"]] == ["x"]


def test_talk_elsewhere_is_nobodys_request(chat, slack, store):
    chat = chat()
    chat.desk.gave_up(Message("C0LOBBY001", "1795330807.000200", KEI, "hello"))
    assert store.posts.unsent() == []


def test_who_clicked_or_typed_is_told_alone(chat, slack):
    chat = chat()
    url = slack.people.slash(SILENCES, "list")["response_url"]
    chat.desk.gave_up(Command(KEI, SILENCES, "list", url))
    chat.desk.gave_up(Click(KEI, SILENCES, "1795330807.000200", "fannel.ack", "A-1", "1795330808.000200", url))
    assert ["FANNEL stumbled over this" in one["body"]["text"] for one in slack.people.answers] == [True, True]
    assert {one["body"]["response_type"] for one in slack.people.answers} == {"ephemeral"}
