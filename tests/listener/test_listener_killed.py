"""A listener that is killed again and again loses nothing, and does nothing twice."""

import signal

from listening_desk import CHANNEL, WAIT_S, promised, until


def wait_for_more(lines):
    """Until it is in the middle of things."""
    enough = len(lines()) + 5
    until(lambda: len(lines()) >= enough)


def test_each_message_and_click_is_done_exactly_once_though_it_is_killed_in_the_middle(slack, process, tmp_path):
    done = tmp_path / "done"

    def lines():
        return done.read_text().splitlines() if done.exists() else []

    running = process()
    until(lambda: slack.sockets.connections == 1)
    first = slack.people.say(CHANNEL, "first")["ts"]
    until(lambda: lines() == [f"message:{CHANNEL}:{first}:"])
    wanted = set(lines())
    for life in range(2):
        for number in range(20):
            said = slack.people.say(CHANNEL, f"message {life}/{number}")
            wanted.add(f"message:{CHANNEL}:{said['ts']}:")
        clicks = [slack.people.click(CHANNEL, first, "fannel.ack", value="A-1") for _ in range(10)]
        wait_for_more(lines)
        running.send_signal(signal.SIGKILL)
        running.wait(WAIT_S)
        until(lambda: slack.sockets.connections == 0)
        kept = {ack.envelope.payload["actions"][0]["action_ts"] for ack in promised(slack, "interactive")}
        wanted |= {
            f"click:{CHANNEL}:{first}:fannel.ack:U0OPERATOR:{click['actions'][0]['action_ts']}"
            for click in clicks
            if click["actions"][0]["action_ts"] in kept
        }
        said = slack.people.say(CHANNEL, f"said while nobody listens {life}")
        wanted.add(f"message:{CHANNEL}:{said['ts']}:")
        running = process()
        until(lambda: slack.sockets.connections == 1)
    until(lambda: wanted <= set(lines()), f"{wanted - set(lines())}")
    slack.sockets.redeliver()
    until(lambda: slack.sockets.waiting == 0)
    assert len(lines()) == len(set(lines()))
    assert wanted <= set(lines())
