"""Every message in every language, as a reviewer reads it: `golden/<language>/<case>.json`.

After a wanted change: `UPDATE_GOLDEN=1 pytest tests/slack/test_slack_golden.py -n 0`, then read the diff.
"""

import difflib
import json
import os
import re
from pathlib import Path

import pytest
from slack_cases import ENGLISH, JAPANESE, cases, golden
from slack_sdk.models.blocks import Block
from slack_strings import assert_harmless, mrkdwn_of

from fannel.lab.slack.mrkdwn import Reader, to_html

GOLDEN = Path(__file__).parent / "golden"
MESSAGES = {
    (language, name): message
    for language, reader in (("en", ENGLISH), ("ja", JAPANESE))
    for name, message in cases(reader).items()
}
NAMES = sorted({name for _, name in MESSAGES})
each = pytest.mark.parametrize(("language", "name"), MESSAGES, ids=lambda value: value)
RENEW = "UPDATE_GOLDEN=1 .venv/bin/python -m pytest tests/slack/test_slack_golden.py -n 0"


@each
def test_a_message_is_what_was_agreed(language, name):
    path = GOLDEN / language / f"{name}.json"
    found = json.dumps(golden(MESSAGES[language, name]), ensure_ascii=False, indent=1) + "\n"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(found, encoding="utf-8")
    agreed = path.read_text(encoding="utf-8") if path.exists() else ""
    if found != agreed:
        diff = "".join(difflib.unified_diff(agreed.splitlines(True), found.splitlines(True), str(path), "now"))
        pytest.fail(f"{diff}\nIf that is what it should be: {RENEW}", pytrace=False)


def test_every_golden_file_has_its_case():
    there = {(path.parent.name, path.stem) for path in GOLDEN.rglob("*.json")}
    assert there == set(MESSAGES)


@each
def test_slack_takes_the_message(language, name):
    message = MESSAGES[language, name]
    assert_harmless(message)
    for attachment in message.payload.get("attachments", ()):
        for block in Block.parse_all(attachment["blocks"]):
            block.validate_json()


@each
def test_every_mark_is_one_that_slack_takes_for_a_mark(language, name):
    """A mark that touches Japanese text stands there as an asterisk; the stand-in shows what Slack does."""
    for written in mrkdwn_of(MESSAGES[language, name].payload):
        shown = re.sub(r"<[^>]*>", "", to_html(written, Reader(ENGLISH.zone, 0.0, {})))
        assert "*" not in shown, written
        assert "`" not in shown, written


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("parent_")])
@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_first_line_of_a_thread_names_what_where_and_how_bad(language, name):
    payload = MESSAGES[language, name].payload
    first = payload["blocks"][0]["text"]["text"].split("\n")[0]
    assert first[0] in "🔴🟠⚪🟢🔁"
    where = "192.0.2.99" if "unknown_host" in name else "rt-tyo-01"
    assert where in first
    assert where in payload["text"][:40], "and the lock screen of a phone shows it"


JAPANESE_TEXT = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
# What stays English in a Japanese message: what checks and devices say.
FOREIGN = re.compile(
    r"oper down while admin up|LLDP neighbour lost|administratively down|oper up, admin up|"
    r"rt-tyo-01 is unreachable: SSH timed out after 30 s"
)
ENGLISH_TEXT = re.compile(
    r"\b(?:the|is|was|since|verdict|device|down|with|seen|after|from|waited|times|more|next|when|by|not|an)\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize("name", NAMES)
def test_a_japanese_message_is_japanese(name):
    payload = MESSAGES["ja", name].payload
    for written in (payload["text"], *mrkdwn_of(payload)):
        ours = FOREIGN.sub("", re.sub(r"`[^`]*`|<[^>]*>", "", written))
        assert not ENGLISH_TEXT.search(ours), written
    assert JAPANESE_TEXT.search(str(payload["blocks"]))


@pytest.mark.parametrize("name", NAMES)
def test_the_language_changes_the_words_and_nothing_else(name):
    english, japanese = (MESSAGES[language, name] for language in ("en", "ja"))
    assert english.broadcast == japanese.broadcast
    assert english.payload.get("metadata") == japanese.payload.get("metadata")
    assert [block["type"] for block in english.payload["blocks"]] == [
        block["type"] for block in japanese.payload["blocks"]
    ]
    assert [one["color"] for one in english.payload.get("attachments", ())] == [
        one["color"] for one in japanese.payload.get("attachments", ())
    ]
    assert (english.file is None) == (japanese.file is None)
