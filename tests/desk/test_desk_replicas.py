"""Two replicas at one database: what both hear, both are told to do, and both click, is done once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from databases import empty, own_postgresql
from desking import BOB, KEI, RIN, SILENCES, Chat, keep_hosts

from fannel.desk.desk import Desk
from fannel.incidents.store import Store
from fannel.slack.inbound.heard import Click, Command, Message
from fannel.slack.outbox import Outbox


@pytest.fixture(scope="module")
def postgresql():
    with own_postgresql() as server:
        yield server.url


@pytest.fixture(params=["sqlite", "postgresql"])
def chats(request, slack, client, clock, settings, tmp_path):
    url = f"sqlite:///{tmp_path}/fannel.sqlite3"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql")
    hosts = tmp_path / "directory.json"
    keep_hosts(hosts)
    told = settings(silences__channels=SILENCES, pagoda__cache_file=str(hosts))
    stores = [Store.open(url) for _ in range(2)]
    yield [Chat(slack, Desk(told, store, client, clock), Outbox(store, client, now=clock), clock) for store in stores]
    empty(stores[0])
    for store in stores:
        store.close()


def both(chats, do):
    """Each replica does it, four times, all at once."""
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(do, [chat.desk for chat in chats for _ in range(4)]))
    chats[0].deliver()


def test_what_both_hear_is_done_and_answered_once(chats):
    first, _ = chats
    lines = ["silence rt-tyo-01 2h", "silence rt-osa-01 2h", "extend rt-tyo-01 1h", "resume rt-osa-01"]
    for line in lines:
        ts = first.say(line, hear=False)
        both(chats, lambda desk, ts=ts, line=line: desk.said(Message(SILENCES, ts, KEI, line)))
        assert len(first.thread(ts)) == 1, line
    answer = first.answer(first.say("silences"))
    assert "🔕 *1 silence*" in answer
    assert "2026-11-22 19:00 JST" in answer


def test_an_edit_that_both_hear_is_one_revision(chats):
    first, _ = chats
    ts = first.say("silence rt-tyo-02 2h")
    edit = first.edit(ts, "silence rt-tyo-03 2h", hear=False)
    both(chats, lambda desk: desk.said(edit))
    assert [answer.split("*")[1] for answer in first.thread(ts)] == ["Silenced", "Silence changed"]


def test_a_command_that_both_are_given_is_done_once(chats):
    first, _ = chats
    typed = first.slack.people.slash(SILENCES, "silence rt-tyo-04 2h", user=KEI)["response_url"]
    both(chats, lambda desk: desk.commanded(Command(KEI, SILENCES, "silence rt-tyo-04 2h", typed)))
    assert len(first.messages()) == 1


def test_a_button_that_many_click_at_once_confirms_once(chats):
    first, _ = chats
    ts = first.say("silence rt-tyo-0* 2h")
    button = first.answer_ts(ts)
    pressed = [first.slack.people.click(SILENCES, button, "fannel.confirm", user=user) for user in (RIN, BOB)]
    value = pressed[0]["actions"][0]["value"]

    def press(desk):
        for payload in pressed:
            user, url = payload["user"]["id"], payload["response_url"]
            desk.clicked(Click(user, SILENCES, button, "fannel.confirm", value, "1.0", url))

    both(chats, press)
    assert len([one for one in first.thread_ts(ts) if one != button]) == 1
    assert first.emoji(ts) == ["no_bell"]
    assert "🔕 *1 silence*" in first.answer(first.say("silences"))
