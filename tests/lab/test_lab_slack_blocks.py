"""Block validation: what passes, what Slack says about what does not."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fannel.lab.slack.blocks import check, check_message, length
from fannel.lab.slack.refusal import Refusal

SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "x"}}


def text(characters, kind="mrkdwn"):
    return {"type": kind, "text": "x" * characters}


def errors_of(*blocks):
    with pytest.raises(Refusal) as raised:
        check(list(blocks))
    assert raised.value.code == "invalid_blocks"
    return raised.value.extra["errors"]


def option(shown, carried):
    return {"text": text(shown, "plain_text"), "value": "v" * carried}


def menu(*options):
    groups = [{"label": text(75, "plain_text"), "options": list(options)}]
    return {"type": "static_select", "action_id": "a", "placeholder": text(5, "plain_text"), "option_groups": groups}


OPTION = "/blocks/0/elements/0/option_groups/0/options/0"


@pytest.mark.parametrize(
    "block",
    [
        SECTION,
        {"type": "section", "text": text(3000), "expand": True},
        {"type": "section", "fields": [text(2000)] * 10},
        {"type": "header", "text": text(150, "plain_text")},
        {"type": "divider"},
        {"type": "context", "elements": [text(5)] * 10},
        {"type": "rich_text", "elements": [{"type": "rich_text_preformatted", "elements": [text(5, "text")]}]},
        {"type": "actions", "elements": [{"type": "button", "text": text(75, "plain_text"), "value": "v"}]},
        {"type": "actions", "elements": [menu(option(75, 150), option(1, 1))]},
        {"type": "actions", "elements": [{"type": "overflow", "options": [option(75, 150)] * 5, "action_id": "a"}]},
    ],
)
def test_a_block_within_the_limits_passes(block):
    check([block])


@pytest.mark.parametrize(
    ("block", "error"),
    [
        ({"type": "nosuch"}, "unsupported type: nosuch [json-pointer:/blocks/0/type]"),
        ({"type": "section"}, "missing required field: text [json-pointer:/blocks/0]"),
        (
            {"type": "section", "text": text(3001)},
            "must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
        ),
        ({"type": "section", "text": text(0)}, "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
        ({"type": "section", "text": "bare"}, "must provide an object [json-pointer:/blocks/0/text]"),
        (
            {"type": "section", "fields": [text(1)] * 11},
            "no more than 10 items allowed [json-pointer:/blocks/0/fields]",
        ),
        (SECTION | {"colour": "red"}, "invalid additional property: colour [json-pointer:/blocks/0]"),
        ({"type": "header", "text": text(9)}, "unsupported type: mrkdwn [json-pointer:/blocks/0/text/type]"),
        ({"type": "context", "elements": []}, "no fewer than 1 items allowed [json-pointer:/blocks/0/elements]"),
        ({"type": "context", "elements": "x"}, "must provide an array of objects [json-pointer:/blocks/0/elements]"),
        (
            {"type": "actions", "elements": [{"type": "button", "text": text(76, "plain_text")}]},
            "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]",
        ),
        (
            {"type": "actions", "elements": [menu(option(76, 1))]},
            f"must be less than 76 characters [json-pointer:{OPTION}/text/text]",
        ),
        (
            {"type": "actions", "elements": [menu(option(1, 151))]},
            f"must be less than 151 characters [json-pointer:{OPTION}/value]",
        ),
        (
            {"type": "actions", "elements": [menu()]},
            f"no fewer than 1 items allowed [json-pointer:{OPTION.removesuffix('/0')}]",
        ),
        (
            {"type": "actions", "elements": [{"type": "overflow", "options": [option(1, 1)] * 6}]},
            "no more than 5 items allowed [json-pointer:/blocks/0/elements/0/options]",
        ),
        (
            {"type": "actions", "elements": [{"type": "carousel"}]},
            "unsupported type: carousel [json-pointer:/blocks/0/elements/0/type]",
        ),
        (
            {"type": "actions", "elements": [menu(option(1, 1))] * 2},
            "`action_id` a already exists for a different element [json-pointer:/blocks/0/elements/1]",
        ),
        (
            {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "blink"}]}]},
            "unsupported type: blink [json-pointer:/blocks/0/elements/0/elements/0/type]",
        ),
    ],
)
def test_a_block_outside_the_limits_is_pointed_at(block, error):
    assert errors_of(block) == [error]


def test_fifty_blocks_pass_and_one_more_does_not():
    check([{"type": "divider"}] * 50)
    assert errors_of(*[{"type": "divider"}] * 51) == ["no more than 50 items allowed [json-pointer:/blocks]"]


def test_a_block_id_is_used_once():
    assert "already exists: a" in errors_of(SECTION | {"block_id": "a"}, SECTION | {"block_id": "a"})[0]


def test_an_emoji_counts_two():
    assert length("🔴a") == 3


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"blocks": "text"}, "invalid_blocks_format"),
        ({"blocks": [{"type": "section", "text": text(2900)}] * 5}, "msg_blocks_too_long"),
        ({"attachments": [{"color": "#fff"}] * 101}, "too_many_attachments"),
        ({"attachments": [{"blocks": [{"type": "nosuch"}]}]}, "invalid_blocks"),
        ({"attachments": "x"}, "invalid_attachments"),
        ({"metadata": {"event_type": "t", "event_payload": {"x": "y" * 9000}}}, "metadata_too_large"),
    ],
)
def test_a_message_slack_would_not_take(message, code):
    with pytest.raises(Refusal) as raised:
        check_message(message)
    assert raised.value.code == code


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["type", "text", "elements", "fields", "block_id"]), inner, max_size=4)
        | st.fixed_dictionaries({"type": st.sampled_from(["section", "context", "rich_text", "actions"])})
    ),
    max_leaves=20,
)


@settings(max_examples=200, deadline=None)
@given(json_values)
def test_no_shape_of_blocks_makes_it_stumble(value):
    code = None
    try:
        check(value)
    except Refusal as refusal:
        code = refusal.code
    assert code in {None, "invalid_blocks", "invalid_blocks_format"}


GOLDEN = sorted((Path(__file__).parent.parent / "slack" / "golden").glob("*/*.json"))


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_what_fannel_posts_passes(path):
    check_message(json.loads(path.read_text(encoding="utf-8"))["payload"])
