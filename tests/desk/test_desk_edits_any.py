"""Whatever is made of a message, in whatever order it is heard, it stands for exactly what it says by now."""

from desking import KEI, SILENCES
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from fannel.incidents.silence import described
from fannel.slack.inbound.heard import Message

HOSTS = ["rt-tyo-01", "rt-tyo-02", "rt-osa-01"]
lines = st.lists(st.sampled_from(HOSTS), min_size=1, max_size=3, unique=True)
# What it says, and what is silenced by it; None where that stays as it was.
understood = lines.map(lambda hosts: ("\n".join(f"silence {host} 2h" for host in hosts), set(hosts)))
nonsense = st.sampled_from(
    [("silence rt-tyo-01", None), ("silence rt-tyo-01 2h\nsilence rt-tyo-99 2h", None), ("ok", None)]
)
texts = st.lists(understood | nonsense, min_size=1, max_size=5)


any_text = hypothesis_settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def versions_of(chat, texts):
    """A message as it was written, and each edit of it."""
    first = chat.slack.workspace.say(chat.slack.workspace.channels[SILENCES], texts[0][0])["ts"]
    edits = [(text, f"17953309{n:02}.000000") for n, (text, _) in enumerate(texts)]
    return [Message(SILENCES, first, KEI, text, edited_ts=ts) for text, ts in [(texts[0][0], None), *edits]]


def silenced(store, clock, message):
    """The hosts that a message keeps quiet, one for each silence of it."""
    found = [one for one in store.silences.current(clock.now) if one.origin.endswith(message.ts)]
    return sorted(described(one.scopes).removeprefix("host=").removesuffix(".example.net") for one in found)


def alone(text):
    """What a text that is not understood as a whole does where nothing holds yet: each line is by itself."""
    return {"rt-tyo-01"} if "\n" in text else set()


@any_text
@given(texts, st.booleans(), st.randoms())
def test_it_stands_for_its_newest_text(chat, store, clock, texts, deleted, random):
    chat = chat()
    versions = versions_of(chat, texts)
    wanted = set()
    for text, hosts in texts:
        wanted = hosts if hosts is not None else wanted or alone(text)
    for message in versions:
        chat.desk.said(message)
    if deleted:
        chat.desk.said(Message(SILENCES, versions[0].ts, "", "", deleted=True))
        wanted = set()
    # And again, in any order, as after a restart.
    for message in random.sample(versions, len(versions)):
        chat.desk.said(message)
    assert silenced(store, clock, versions[0]) == sorted(wanted)


@any_text
@given(texts, st.randoms())
def test_heard_before_the_others_the_newest_text_is_all_that_counts(chat, store, clock, texts, random):
    chat = chat()
    *older, newest = versions_of(chat, texts)
    for message in (newest, *random.sample(older, len(older)), newest):
        chat.desk.said(message)
    text, hosts = texts[-1]
    assert silenced(store, clock, newest) == sorted(hosts if hosts is not None else alone(text))
