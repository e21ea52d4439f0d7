"""The feed from the observer's pipe to the rules: put one after the other, confirmed in few lines, none held back."""

import asyncio
import json

from fannel.source.feed import TOGETHER, Feed, serve


class Rules(asyncio.Queue):
    """The rule engine's queue of one place."""

    def __init__(self):
        super().__init__(1)


class Answers:
    """The pipe back to the observer: what was written, call by call."""

    def __init__(self):
        self.calls = []

    def is_closing(self):
        return False

    def write(self, octets):
        self.calls.append(octets.decode().split())

    @property
    def confirmed(self):
        return [event_id for call in self.calls for event_id in call]


async def settled():
    for _ in range(50):
        await asyncio.sleep(0)


def line(event):
    """As the observer writes it; an id stands for an event that says nothing else."""
    return json.dumps({"id": event} if isinstance(event, str) else event).encode() + b"\n"


def fed(scenario):
    """Run a scenario with a feed, its rules and its answers."""

    async def run():
        rules, answers = Rules(), Answers()
        feed = Feed(rules)
        said = asyncio.StreamReader()
        tasks = [asyncio.create_task(feed.run()), asyncio.create_task(serve(said, answers, lambda _: feed))]
        await scenario(rules, answers, lambda *events: said.feed_data(b"".join(map(line, events))))
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(run())


def test_one_event_is_confirmed_as_soon_as_the_rules_have_it():
    async def scenario(rules, answers, say):
        say("a")
        await settled()
        assert (await rules.get())["id"] == "a"
        assert answers.confirmed == ["a"]

    fed(scenario)


def test_nothing_is_confirmed_before_the_rules_have_it():
    async def scenario(rules, answers, say):
        say("a", "b", "c")
        await settled()
        assert "b" not in answers.confirmed
        assert "c" not in answers.confirmed

    fed(scenario)


def test_many_events_are_confirmed_in_few_lines_and_to_the_last():
    many = [str(n) for n in range(3 * TOGETHER + 3)]

    async def scenario(rules, answers, say):
        say(*many)
        for expected in many:
            assert (await rules.get())["id"] == expected
        await settled()
        assert answers.confirmed == many
        assert len(answers.calls) == 4

    fed(scenario)


def test_an_event_is_put_once_unless_it_asks_again():
    async def scenario(rules, answers, say):
        asked_again = {"id": "a", "incident": {"id": "A-1", "state": "new", "asked_again_at": "2026-11-26T00:05:00Z"}}
        for told in ({"id": "a"}, {"id": "a"}, asked_again, asked_again):
            say(told)
            await settled()
        assert await rules.get() == {"id": "a"}
        await settled()
        assert await rules.get() == asked_again
        await settled()
        assert rules.empty()
        assert answers.confirmed.count("a") == 3  # the last came while the one before it waited

    fed(scenario)
