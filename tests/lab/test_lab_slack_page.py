"""The page: threads as a phone shows them, and nothing anybody wrote becomes HTML of its own."""

import re
import urllib.error
import urllib.parse
import urllib.request
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fannel.lab.slack import SlackStandIn, running
from fannel.lab.slack.mrkdwn import Reader, to_html
from fannel.lab.slack.page import render
from fannel.lab.slack.workspace import BOT_ID, BOT_USER, File, Workspace

TOKYO = ZoneInfo("Asia/Tokyo")
NOW = 1_795_331_059.0
READER = Reader(TOKYO, NOW, {"U0OPERATOR": "On Call", "C0ALERTS01": "alerts"})
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def workspace():
    return Workspace(lambda: NOW)


@pytest.fixture
def alerts(workspace):
    return workspace.channels["C0ALERTS01"]


def bot(text="", **parts):
    return {"user": BOT_USER, "bot_id": BOT_ID, "text": text, **parts}


def page(workspace, **options):
    return render(workspace, zone=TOKYO, **options)


class Tags(HTMLParser):
    """Collects what a browser would see as tags and attributes."""

    def __init__(self, text):
        super().__init__()
        self.seen, self.attributes, self.depth = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.seen.append(tag)
        self.attributes += attributes


# --- mark-up ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("*bold* _it_ ~gone~", "<strong>bold</strong> <em>it</em> <s>gone</s>"),
        ("`code *not bold*`", "<code>code *not bold*</code>"),
        ("*a `b` c*", "<strong>a <code>b</code> c</strong>"),
        ("snake_case_name 2*3*4", "snake_case_name 2*3*4"),
        ("*太字*です", "*太字*です"),
        ("a &lt; b &amp; c", "a &lt; b &amp; c"),
        ("two\nlines", "two<br>lines"),
        ("<@U0OPERATOR>", '<span class="mention">@On Call</span>'),
        ("<!channel>", '<span class="mention loud">@channel</span>'),
        ("<#C0ALERTS01>", '<span class="mention">#alerts</span>'),
        (
            "<https://example.net/a?b=1&amp;c|there>",
            '<a rel="noopener noreferrer" href="https://example.net/a?b=1&amp;amp;c">there</a>',
        ),
        ("<javascript:alert(1)|x>", "&lt;javascript:alert(1)|x&gt;"),
    ],
)
def test_a_subset_of_slacks_mark_up_is_shown(text, shown):
    assert to_html(text, READER) == shown


@pytest.mark.parametrize(
    ("form", "shown"),
    [
        ("{date_short_pretty} {time_secs}", "today 16:00:07"),
        ("{date} {time}", "November 22, 2026 16:00"),
        ("{date_num}", "2026-11-22"),
        ("{unknown}", "{unknown}"),
    ],
)
def test_dates_are_in_the_readers_zone(form, shown):
    assert to_html(f"<!date^1795330807^{form}|fallback>", READER) == f'<time title="fallback">{shown}</time>'


def test_a_date_beyond_the_calendar_is_its_fallback():
    assert to_html("<!date^999999999999^{date}|some day>", READER) == "some day"


# --- the page -----------------------------------------------------------------------------------------------------


def test_a_thread_stands_beneath_its_parent(workspace, alerts):
    parent = workspace.add(alerts, bot("the parent"))
    workspace.add(alerts, bot("another"))
    workspace.add(alerts, bot("the reply"), thread_ts=parent["ts"], broadcast=True)
    shown = page(workspace)
    assert shown.index("the parent") < shown.index("1 reply") < shown.index("the reply") < shown.index("another")
    assert "Also sent to the channel" in shown


def test_times_are_in_the_zone_asked_for(workspace, alerts):
    workspace.add(alerts, bot("x"))
    assert "<time>16:04</time>" in page(workspace)
    assert "Sunday, November 22" in page(workspace)


def test_edits_colours_and_tombstones_are_seen(workspace, alerts):
    edited = workspace.add(alerts, bot("x", attachments=[{"color": "#D92D20", "text": "meta"}]))
    edited["edited"] = {"user": BOT_USER, "ts": "1.0"}
    gone = workspace.add(alerts, bot("secret"))
    workspace.add(alerts, bot("reply"), thread_ts=gone["ts"])
    workspace.delete(alerts, gone["ts"])
    shown = page(workspace)
    assert "(edited)" in shown
    assert 'style="border-color:#D92D20"' in shown
    assert "This message was deleted." in shown
    assert "secret" not in shown


def test_a_reaction_is_a_picture_where_there_is_one_and_its_name_elsewhere(workspace, alerts):
    marks = [{"name": "no_bell", "count": 1, "users": []}, {"name": "parrot", "count": 2, "users": []}]
    workspace.add(alerts, bot("hello", reactions=marks))
    shown = page(workspace)
    assert '<span class="reaction">🔕 1</span>' in shown
    assert '<span class="reaction">:parrot: 2</span>' in shown


def test_a_file_shows_its_first_lines(workspace, alerts):
    content = b"".join(b"line %d\n" % number for number in range(9))
    workspace.files["F1"] = file = File("F1", "show.txt", "show tech", content)
    workspace.share(alerts, [file], "all of it", None)
    shown = page(workspace)
    assert "line 4" in shown
    assert "line 5" not in shown
    assert "+ 4 more lines" in shown


def test_the_page_refreshes_itself_unless_told_not_to(workspace):
    assert '<meta http-equiv="refresh" content="2">' in page(workspace)
    assert "refresh" not in page(workspace, refresh_s=0)


def test_an_empty_workspace_says_so(workspace):
    assert "Nothing was posted yet." in page(workspace)


def test_one_channel_may_be_shown_alone(workspace, alerts):
    workspace.add(alerts, bot("in alerts"))
    workspace.say(workspace.channels["C0OTHER001"], "in other")
    assert "in alerts" not in page(workspace, channel="other")
    assert "in other" in page(workspace, channel="other")


def test_the_page_needs_nothing_from_elsewhere(workspace, alerts):
    workspace.add(alerts, bot("x"))
    shown = page(workspace)
    assert not {"script", "img", "link", "iframe"} & set(Tags(shown).seen)
    assert not re.search(r"url\(|@import|src=", shown)


# --- hostile ------------------------------------------------------------------------------------------------------


HOSTILE_MESSAGES = [
    bot(SCRIPT),
    bot(f"*{SCRIPT}* `{SCRIPT}` ```{SCRIPT}```"),
    bot(f'<https://x/|{SCRIPT}> <https://x/"onclick=alert(1)> <!date^1^{SCRIPT}|{SCRIPT}>'),
    bot(blocks=[{"type": SCRIPT}]),
    bot(blocks=[{"type": "section", "text": {"type": "mrkdwn", "text": SCRIPT}}]),
    bot(blocks=[{"type": "section", "text": {"type": "plain_text", "text": SCRIPT}}]),
    bot(blocks=[{"type": "context", "elements": [{"type": "mrkdwn", "text": SCRIPT}]}]),
    bot(blocks=[{"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": SCRIPT}}]}]),
    bot(
        blocks=[
            {
                "type": "rich_text",
                "elements": [
                    {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": SCRIPT}]},
                    {
                        "type": "rich_text_section",
                        "elements": [{"type": "link", "url": "javascript:x", "text": SCRIPT}],
                    },
                    {"type": "rich_text_section", "elements": [{"type": SCRIPT}, {"type": "emoji", "name": SCRIPT}]},
                ],
            }
        ]
    ),
    bot(attachments=[{"color": '"><script>', "text": SCRIPT, "fallback": SCRIPT}]),
    bot("x", reactions=[{"name": SCRIPT, "count": 1, "users": []}]),
    {"user": SCRIPT, "text": SCRIPT},
]


@pytest.mark.parametrize("message", HOSTILE_MESSAGES)
def test_nothing_written_becomes_a_tag(workspace, alerts, message):
    workspace.add(alerts, message)
    tags = Tags(page(workspace))
    assert "script" not in tags.seen
    assert not [name for name, _ in tags.attributes if name.startswith("on")]
    links = [value for name, value in tags.attributes if name == "href" and not value.startswith("http")]
    # Our own: where to write into this channel, or a thread of it.
    assert all(re.fullmatch(r"/write\?channel=C0ALERTS01(&thread_ts=[0-9.]+)?", link) for link in links)


def test_a_hostile_file_stays_text(workspace, alerts):
    workspace.files["F1"] = file = File("F1", SCRIPT, SCRIPT, SCRIPT.encode() + b"\xff")
    workspace.share(alerts, [file], SCRIPT, None)
    assert "script" not in Tags(page(workspace)).seen


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("<>&;*_~`|^!@#date{}\"'/ax \n"), max_size=80))
def test_any_mark_up_gives_only_known_tags(text):
    assert set(Tags(to_html(text, READER)).seen) <= {"strong", "em", "s", "code", "pre", "br", "a", "time", "span"}


class TestTheForms:
    """What a person does on the page."""

    BUTTONS = (
        {
            "type": "actions",
            "elements": [
                {
                    "type": "button",
                    "action_id": "fannel.ack",
                    "value": "A-1",
                    "text": {"type": "plain_text", "text": "Ack"},
                },
                {
                    "type": "static_select",
                    "action_id": "fannel.silence",
                    "placeholder": {"type": "plain_text", "text": "Silence"},
                    "options": [{"value": "1h", "text": {"type": "plain_text", "text": "1 hour"}}],
                },
            ],
        },
    )

    @pytest.fixture
    def slack(self):
        stand_in = SlackStandIn(rate_limits=False)
        with running(stand_in):
            yield stand_in

    def page(self, slack, path, **form):
        data = urllib.parse.urlencode(form).encode() if form else None
        with urllib.request.urlopen(slack.workspace.base_url + path, data=data, timeout=10) as answer:
            return answer.read().decode()

    def test_a_message_a_reply_and_a_command_are_written(self, slack):
        assert "<textarea" in self.page(slack, "/write?channel=alerts")
        shown = self.page(slack, "/act", channel="C0ALERTS01", thread_ts="", text="silence rt1 2h")
        assert "silence rt1 2h" in shown
        (said,) = slack.workspace.messages["C0ALERTS01"].values()
        self.page(slack, "/act", channel="C0ALERTS01", thread_ts=said["ts"], text="/fannel is no command here")
        assert said["reply_count"] == 1
        self.page(slack, "/act", channel="C0ALERTS01", thread_ts="", text="/fannel list")
        assert [one.payload["text"] for one in slack.sockets.lost if one.kind == "slash_commands"] == ["list"]

    def test_a_button_is_pressed_and_a_menu_chosen_from(self, slack):
        said = slack.people.say("C0ALERTS01", "down")
        said["blocks"] = list(self.BUTTONS)
        assert '<button name="press" value="fannel.ack A-1">Ack</button>' in self.page(slack, "/")
        self.page(slack, "/act", channel="C0ALERTS01", ts=said["ts"], press="fannel.ack A-1")
        sheet = self.page(slack, f"/choose?channel=C0ALERTS01&ts={said['ts']}&press=fannel.silence")
        assert '<button name="value" value="1h">1 hour</button>' in sheet
        self.page(slack, "/act", channel="C0ALERTS01", ts=said["ts"], press="fannel.silence", value="1h")
        pressed = [one.payload["actions"][0] for one in slack.sockets.lost if one.kind == "interactive"]
        assert [one.get("value") or one["selected_option"]["value"] for one in pressed] == ["A-1", "1h"]

    def test_what_one_person_is_answered_is_shown_as_that(self, slack):
        url = slack.people.slash("C0ALERTS01", "list")["response_url"].rsplit("/", 1)[1]
        slack.people.respond(url, {"text": "Nothing is silenced."})
        assert "Nothing is silenced." in (shown := self.page(slack, "/"))
        assert "Only visible to On Call" in shown

    @pytest.mark.parametrize("path", ["/write?channel=nowhere", "/choose?channel=C0ALERTS01&ts=1", "/choose"])
    def test_what_is_not_there_is_not_found(self, slack, path):
        with pytest.raises(urllib.error.HTTPError):
            self.page(slack, path)

    def test_nothing_that_is_asked_for_becomes_markup(self, slack):
        assert SCRIPT not in self.page(slack, f"/write?channel=alerts&thread_ts={urllib.parse.quote(SCRIPT)}")
