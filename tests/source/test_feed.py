"""From the observer's lines to the rule engine's queue: what is put, what is confirmed, and when."""

from __future__ import annotations

import asyncio
import json

import pytest

from fannel.source import feed as feeding
from fannel.source.feed import Feed, serve


@pytest.fixture(autouse=True)
def _one_by_one(monkeypatch):
    """That several are confirmed together is told in test_source_feed.py; here it would only be in the way."""
    monkeypatch.setattr(feeding, "TOGETHER", 1)


class Answers:
    """Where confirmations go."""

    def __init__(self):
        self.ids: list[str] = []

    def is_closing(self):
        return False

    def write(self, octets):
        self.ids += octets.decode().split()


def saying(*ids, end=b""):
    """An observer that says events of these ids and ends."""
    said = asyncio.StreamReader()
    for event_id in ids:
        said.feed_data(json.dumps({"id": event_id}).encode() + b"\n")
    said.feed_data(end)
    said.feed_eof()
    return said


class Fed:
    """A feed that runs, with its rule engine's queue of one place."""

    def __init__(self, queue=None, feedback=None):
        self.queue = queue or asyncio.Queue(1)
        self.feed = Feed(self.queue, feedback)
        self.answers = Answers()

    async def __aenter__(self):
        self._tasks = [asyncio.create_task(self.feed.run()), asyncio.create_task(self.feed.take_feedback())]
        return self

    async def __aexit__(self, *_):
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def hear(self, said):
        await serve(said, self.answers, lambda _: self.feed)
        await settled()


async def settled():
    for _ in range(20):
        await asyncio.sleep(0)


def test_an_event_is_confirmed_once_the_queue_has_it_and_not_before():
    async def scenario():
        async with Fed() as fed:
            await fed.hear(saying("a", "b", "c"))
            before = list(fed.answers.ids)
            assert (await fed.queue.get())["id"] == "a"
            await settled()
            return before, fed.answers.ids

    assert asyncio.run(scenario()) == (["a"], ["a", "b"])


def test_a_busy_rule_engine_does_not_keep_it_from_seeing_that_the_observer_ended():
    async def scenario():
        async with Fed() as fed:
            async with asyncio.timeout(5):
                await fed.hear(saying("a", "b", "c"))

    asyncio.run(scenario())


def test_what_another_observer_says_again_is_confirmed_and_not_put_again():
    async def scenario():
        async with Fed(asyncio.Queue()) as fed:
            await fed.hear(saying("a", "b"))
            await fed.hear(saying("b", "c"))
            return [fed.queue.get_nowait()["id"] for _ in range(fed.queue.qsize())], fed.answers.ids

    assert asyncio.run(scenario()) == (["a", "b", "c"], ["a", "b", "b", "c"])


def test_what_still_waits_is_confirmed_to_the_next_observer_when_it_is_put():
    async def scenario():
        async with Fed() as fed:
            await fed.hear(saying("a", "b"))
            fed.answers = Answers()
            await fed.hear(saying("b"))
            before = list(fed.answers.ids)
            await fed.queue.get()
            await settled()
            return before, fed.answers.ids

    assert asyncio.run(scenario()) == ([], ["b"])


def test_a_line_that_was_cut_off_is_dropped():
    async def scenario():
        async with Fed(asyncio.Queue()) as fed:
            await fed.hear(saying("a", end=b'{"id": "b", "kin'))
            return fed.queue.qsize()

    assert asyncio.run(scenario()) == 1


def test_a_filter_that_fails_costs_its_event_alone():
    class Filtered(asyncio.Queue):
        async def put(self, item):
            if item["id"] == "b":
                raise KeyError("a defect of a filter")
            await super().put(item)

    async def scenario():
        async with Fed(Filtered()) as fed:
            await fed.hear(saying("a", "b", "c"))
            return fed.queue.qsize(), fed.answers.ids

    assert asyncio.run(scenario()) == (2, ["a", "b", "c"])


def test_with_feedback_an_event_is_confirmed_when_it_comes_back():
    async def scenario():
        feedback = asyncio.Queue(1)
        async with Fed(asyncio.Queue(), feedback) as fed:
            await fed.hear(saying("a", "b"))
            before = list(fed.answers.ids)
            await feedback.put({"id": "a", "meta": {}})
            await settled()
            return before, fed.answers.ids

    assert asyncio.run(scenario()) == ([], ["a"])


def test_what_the_engine_failed_on_is_confirmed_when_a_later_one_comes_back():
    async def scenario():
        feedback = asyncio.Queue(1)
        async with Fed(asyncio.Queue(), feedback) as fed:
            await fed.hear(saying("a", "b", "c"))
            await feedback.put({"id": "b"})
            await settled()
            return fed.answers.ids

    assert asyncio.run(scenario()) == ["a", "b"]


def test_when_nothing_comes_back_for_long_it_goes_on(monkeypatch):
    monkeypatch.setattr(feeding, "FEEDBACK_TIMEOUT_S", 0.2)

    async def scenario():
        async with Fed(asyncio.Queue(), asyncio.Queue(1)) as fed:
            await fed.hear(saying("a", "b"))
            before = list(fed.answers.ids)
            async with asyncio.timeout(20):
                while len(fed.answers.ids) < 2:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            return before, fed.answers.ids

    assert asyncio.run(scenario()) == ([], ["a", "b"])


def test_what_was_held_for_its_cause_is_put_again_once_it_stands_on_its_own():
    """It is the same event, told with another state: without the second the rules never answer it."""

    def told(state):
        said = asyncio.StreamReader()
        said.feed_data(json.dumps({"id": "a", "incident": {"id": "A-1", "state": state}}).encode() + b"\n")
        said.feed_eof()
        return said

    async def scenario():
        async with Fed(asyncio.Queue()) as fed:
            for state in ("held", "held", "new", "new"):
                await fed.hear(told(state))
            return [fed.queue.get_nowait()["incident"]["state"] for _ in range(fed.queue.qsize())]

    assert asyncio.run(scenario()) == ["held", "new"]


def test_a_line_without_end_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(feeding, "LONGEST_LINE", 100)

    async def scenario():
        async with Fed() as fed:
            await fed.hear(saying("a", end=b"x" * 101))

    with pytest.raises(ValueError, match="more than 100 octets"):
        asyncio.run(scenario())


def test_a_line_that_comes_in_pieces_is_one_event():
    async def scenario():
        said = asyncio.StreamReader()
        async with Fed() as fed:
            hearing = asyncio.create_task(fed.hear(said))
            for piece in (b'{"id"', b': "a"}\n{"i', b'd": "b"}\n'):
                said.feed_data(piece)
                await settled()
            said.feed_eof()
            await hearing
            return [(await fed.queue.get())["id"] for _ in range(2)]

    assert asyncio.run(scenario()) == ["a", "b"]
