"""The event: what it promises to rules (a schema), to incidents (a fingerprint) and to the machine (no template)."""

from __future__ import annotations

import json
import math
import string
import unicodedata
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import jinja2
import jsonschema
import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fannel.event import (
    LOCKS,
    Event,
    Host,
    Source,
    Subject,
    fingerprint,
    lock_name,
    neutral_line,
    neutralise,
    neutralise_text,
    schema,
)
from fannel.host_name import is_host_name

VALID = jsonschema.Draft202012Validator(schema(), format_checker=jsonschema.FormatChecker())
QUICK = settings(max_examples=60, deadline=None)
FORMS = ("NFC", "NFD", "NFKC", "NFKD")
OPENINGS = ("{{", "{%", "{#")

# What neutralise() replaces; every other character stays as it is.
REPLACED = (
    {*"{\uff5b\ufe5b\ufe37\uff03\ufe5f\x7f\u200e\u200f\u061c"}
    | {chr(code) for code in range(0x20)} - {"\t", "\n"}
    | {chr(code) for code in range(0x80, 0xA0)}
    | {chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}
)

HEADER = "#jinja2:variable_start_string:'[[',variable_end_string:']]'\n"
HOSTILE = (
    *("{{ lookup('pipe', 'id') }}", "{% raw %}", "{# x #}", "{", "}}", "{\u200b{", "{\u0301{"),
    *("\uff5b\uff5b 1 \uff5d\uff5d", "\ufe5b%", "\ufe37\ufe37", "\u007b\u0338{"),
    *(
        f"{HEADER}[[ lookup('pipe', 'id') ]]",
        f" {HEADER}[[ 7*7 ]]",
        "\uff03jinja2:\n",
        "#",
        "##",
        "#jinja2",
        "jinja2:\n",
    ),
    *("\x00", "\x1b[31m", "\x9b31m", "\u202e", "\ud800", "\udfff\ud800", "\ufeff", "\ufffe", "\u2028", "\U0010ffff"),
)

hostile_text = st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=8), st.sampled_from(OPENINGS))).map(
    "".join
)
any_text = st.one_of(hostile_text, st.text(st.characters(exclude_categories=())))
any_json = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), any_text),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(any_text, inner, max_size=4)),
    max_leaves=12,
)


def strings(value) -> list[str]:
    """Every string of a JSON value, keys included, in order."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for key, item in value.items() for text in (key, *strings(item))]
    if isinstance(value, list):
        return [text for item in value for text in strings(item)]
    return []


def alone_and_joined(texts: list[str]) -> list[str]:
    """Each text, and each with its neighbour: halves must not make a whole."""
    return [*texts, *(one + other for one, other in pairwise(texts)), "".join(texts)]


def deep(levels: int) -> object:
    value: object = "{{ deep }}"
    for level in range(levels):
        value = {"{{": value} if level % 2 else [value]
    return value


class TestNeutraliseLeavesNoTemplate:
    jinja = jinja2.Environment(autoescape=False, keep_trailing_newline=True, newline_sequence="\n")

    @QUICK
    @given(any_json)
    @example({"{{ x }}": ["{", "{", "%"], "a": "{\n{"})
    def test_no_opening_survives_in_any_normalisation_form(self, value):
        for text in alone_and_joined(strings(neutralise(value))):
            for form in (text, *(unicodedata.normalize(form, text) for form in FORMS)):
                assert "{" not in form

    @QUICK
    @given(st.lists(hostile_text, max_size=4))
    @example(["{", "{ 7*7 }", "}"])
    def test_jinja_renders_what_is_left_as_it_stands(self, texts):
        for text in alone_and_joined([neutralise_text(text) for text in texts]):
            assert self.jinja.from_string(text).render() == text

    def test_jinja_would_have_rendered_the_originals(self):
        assert self.jinja.from_string("{{ 7*7 }}").render() == "49"

    def test_every_character_that_normalises_to_a_mark_of_jinja_is_replaced(self):
        marks = {
            character
            for character in map(chr, range(0x110000))
            if {"{", "#"} & {*unicodedata.normalize("NFKC", character), *unicodedata.normalize("NFKD", character)}
        }
        assert marks == {*"{#\uff5b\ufe5b\ufe37\uff03\ufe5f"}
        assert all(neutralise_text(mark) in "\u2774\u266f" for mark in marks)


class TestAnsibleSeesNoTemplate:
    """ansible-core's own templar, told to trust the text as it trusts the extra vars of ansible-rulebook."""

    @pytest.fixture(scope="class")
    @staticmethod
    def template():
        from ansible.parsing.dataloader import DataLoader
        from ansible.template import Templar, trust_as_template

        templar = Templar(loader=DataLoader(), variables={})

        def template(value):
            trusted = trust_as_template(value) if isinstance(value, str) else value
            return templar.template(trusted)

        return template

    @pytest.mark.parametrize("text", ["{{ 7*7 }}", f"{HEADER}[[ 7*7 ]]"])
    def test_it_would_have_executed_the_originals(self, template, text):
        assert str(template(text)) == "49"

    @QUICK
    @given(st.lists(hostile_text, min_size=1, max_size=3))
    @example([HEADER, "[[ lookup('pipe', 'id') ]]"])
    @example(["#", "jinja2:variable_start_string:'[[',variable_end_string:']]'\n[[ 7*7 ]]"])
    @example(["", "#jin", "ja2:variable_start_string:'[[',variable_end_string:']]'\n[[ 7*7 ]]"])
    def test_nothing_changes_and_nothing_runs(self, template, texts):
        for text in alone_and_joined([neutralise_text(text) for text in texts]):
            assert template(text) == text
            assert template(text.strip()) == text.strip()

    def test_keys_that_ansible_obeys_lose_their_meaning(self):
        assert "__ansible_type" not in neutralise({"__ansible_type": "x", "a": {"__ansible_vault": "y"}})
        assert not any("__ansible" in text for text in strings(neutralise({"a": {"__ansible_unsafe": "y"}})))


class TestNeutraliseKeepsWhatIsReadable:
    @given(any_text)
    def test_length_and_every_ordinary_character_stay(self, text):
        harmless = neutralise_text(text)
        assert len(harmless) == len(text)
        for before, after in zip(text, harmless, strict=True):
            if before == "#":
                assert after in "#\u266f"
            elif before not in REPLACED and not "\ud800" <= before <= "\udfff":
                assert after == before

    @pytest.mark.parametrize(
        "text",
        [
            "10G to rt02 Gi0/1, cust #123 (100%) } ok",
            "インターフェース Gi0/1 が停止しました。",
            "tab\tand\nline",
            "émigré ½ ™ 🚨",
            string.printable.replace("{", "").replace("\r\x0b\x0c", ""),
        ],
    )
    def test_what_devices_really_say_is_left_alone(self, text):
        assert neutralise_text(text) == text

    def test_a_template_stays_readable(self):
        assert neutralise_text("{{ lookup('pipe', 'id') }}") == "❴❴ lookup('pipe', 'id') }}"

    def test_a_terminal_escape_becomes_its_picture(self):
        assert neutralise_text("\x1b[31m\x07") == "␛[31m␇"

    @QUICK
    @given(any_json)
    def test_once_is_enough(self, value):
        once = neutralise(value)
        assert neutralise(once) == once

    @pytest.mark.parametrize("value", [None, True, False, 0, -(2**63), 2**63 - 1, 1.5, "", [], {}])
    def test_plain_values_stay_what_they_are(self, value):
        assert neutralise(value) == value
        assert type(neutralise(value)) is type(value)


class TestNeutraliseTakesAnything:
    @QUICK
    @given(any_json)
    def test_the_rest_survives_yaml_json_and_utf8(self, value):
        harmless = neutralise(value)
        text = yaml.safe_dump(harmless, allow_unicode=True)
        text.encode("utf-8")
        assert yaml.safe_load(text) == harmless
        assert json.loads(json.dumps(harmless, allow_nan=False)) == harmless

    @pytest.mark.parametrize(
        ("value", "becomes"),
        [
            (math.nan, "nan"),
            (math.inf, "inf"),
            (-math.inf, "-inf"),
            (2**63, "9223372036854775808"),
            (-(2**63) - 1, "-9223372036854775809"),
            (b"{{", "b'❴❴'"),
            (("{", 1), ["❴", 1]),
            (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02 00:00:00+00:00"),
        ],
    )
    def test_what_the_rule_engine_cannot_hold_becomes_text(self, value, becomes):
        assert neutralise({"v": value}) == {"v": becomes}

    def test_a_number_that_python_itself_does_not_print_becomes_an_ellipsis(self):
        assert neutralise([10**10_000]) == ["…"]

    def test_what_is_nested_beyond_reason_is_cut(self):
        value = neutralise(deep(900))
        yaml.safe_dump(value)
        for _ in range(32):
            (value,) = value.values() if isinstance(value, dict) else value
        assert value == "…"


class TestTheNeutralLine:
    """Whatever is plainly harmless takes a short cut; it must come out exactly as the long way would have it."""

    tame = st.recursive(
        st.one_of(st.integers(), st.floats(), st.booleans(), st.text(string.printable, max_size=6), any_text),
        lambda inner: st.one_of(
            st.lists(inner, max_size=4),
            st.dictionaries(st.text(string.ascii_letters + '"{}:,', max_size=4), inner, max_size=4),
        ),
        max_leaves=8,
    )

    @settings(max_examples=200, deadline=None)
    @given(st.dictionaries(any_text | st.just("key"), tame, max_size=4))
    @example({"a": "{", "b": "}"})
    @example({"a": ["{", "b"]})
    @example({"a": {"{": "b"}})
    @example({"a": 10**18, "b": 10**19, "c": [-(2**63), 2**63 - 1]})
    @example({"a": [1, 10**19], "b": math.nan})
    @example({"a": deep(31), "b": deep(40)})
    @example({"a": 10**10_000})
    def test_it_says_what_neutralise_says(self, value):
        line = neutral_line(value)
        assert json.loads(line) == neutralise(value)
        assert "\n" not in line
        line.encode("utf-8")

    @pytest.mark.parametrize("place", ["{}", "a{}", "{}a", '"{}', "\\{}", "é{}"])
    def test_no_character_that_is_replaced_gets_by(self, place):
        for character in REPLACED | {"#", "\ud800", "__ansible"}:
            text = place.replace("{}", character)
            for value in ({"v": text}, {text: "v"}, {"v": [text, "w"]}, {"v": {"w": text, "x": 1}}):
                assert json.loads(neutral_line(value)) == neutralise(value), repr(value)

    @pytest.mark.parametrize("depth", [1, 31, 32, 33, 900, 5000])
    def test_it_is_cut_where_neutralise_cuts(self, depth):
        value = {"a": "deep"}
        for _ in range(depth - 1):
            value = {"a": value}
        assert json.loads(neutral_line(value)) == neutralise(value)

    def test_a_plain_event_takes_the_short_cut(self, monkeypatch):
        plain = replace(LINK_DOWN, subject=replace(LINK_DOWN.subject, description='10G to 東京, "rt02"\n (core)'))
        expected = neutralise(plain.to_json())
        monkeypatch.setattr("fannel.event.neutralise", None)
        assert plain.to_queue() == expected


# --- the event itself -------------------------------------------------------------------------------------------

words = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=20)
times = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=9))]))
hosts = st.builds(
    Host,
    name=st.one_of(words, st.just("rt01.example.net")),
    known=st.booleans(),
    os=st.none() | words,
    platform=st.none() | words,
    pagoda_id=st.none() | st.integers(1, 2**63 - 1),
    stale_s=st.integers(0, 10**6),
)
subjects = st.builds(
    Subject,
    type=words,
    name=st.none() | words,
    ifindex=st.none() | st.integers(0, 2**31),
    description=st.none() | words,
)
traps = st.fixed_dictionaries(
    {
        "version": st.sampled_from(["1", "2c"]),
        "type": st.sampled_from(["trap", "inform"]),
        "name": words,
        "oid": st.just("1.3.6.1.6.3.1.1.5.3"),
        "varbinds": st.dictionaries(words, st.one_of(st.none(), st.integers(), words), max_size=3),
    }
)
events = st.builds(
    Event,
    id=st.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ", min_size=26, max_size=26),
    received_at=times,
    via=st.sampled_from(["snmp_trap", "syslog", "slack", "check"]),
    kind=words,
    problem=words,
    phase=st.sampled_from(["raise", "clear", "info"]),
    severity=st.sampled_from(["critical", "major", "minor", "warning", "info"]),
    host=hosts,
    subject=subjects,
    source=st.builds(Source, address=words, agent_address=st.none() | words, engine_id=st.none() | words),
    trap=st.none() | traps,
    syslog=st.none() | st.fixed_dictionaries({"message": words}),
    incident=st.none() | st.just({"id": "A-7F3K2Q", "state": "new"}),
    repeats=st.integers(1, 10**6),
    aliases=st.just(()),
)

LINK_DOWN = Event(
    id="01JD0000000000000000000000",
    received_at=datetime(2026, 11, 22, 7, 0, 7, tzinfo=UTC),
    via="snmp_trap",
    kind="interface_down",
    problem="interface_down",
    phase="raise",
    severity="critical",
    host=Host("rt01.example.net", known=True, os="ios"),
    subject=Subject("interface", "GigabitEthernet0/1", ifindex=3),
    source=Source("192.0.2.1"),
)


class TestTheEvent:
    @QUICK
    @given(events)
    def test_every_event_fits_the_schema_as_it_is_and_neutralised(self, event):
        VALID.validate(event.to_json())
        VALID.validate(event.to_queue())

    @QUICK
    @given(events)
    def test_it_comes_back_from_the_log_as_it_was(self, event):
        assert Event.from_json(json.loads(json.dumps(event.to_json()))) == event

    def test_it_comes_back_with_the_devices_that_claim_one_address(self):
        event = replace(LINK_DOWN, host=Host("192.0.2.1", known=False, ambiguous=("rt01", "rt02")))
        assert Event.from_json(json.loads(json.dumps(event.to_json()))) == event

    def test_its_lock_follows_from_the_fingerprint_alone(self):
        assert replace(LINK_DOWN, id="7ZZZZZZZZZZZZZZZZZZZZZZZZZ", phase="clear").lock == LINK_DOWN.lock == "lock-0018"

    def test_ten_thousand_fingerprints_share_a_bounded_number_of_locks_evenly(self):
        taken = Counter(lock_name(fingerprint(f"rt{n}", "interface_down", "Gi0/1")) for n in range(10_240))
        assert len(taken) <= LOCKS
        assert max(taken.values()) < 30

    def test_a_lock_is_found_for_half_a_surrogate_pair(self):
        assert lock_name("rt01/interface_down/\ud800").startswith("lock-")

    def test_what_is_not_known_is_not_there(self):
        shown = LINK_DOWN.to_json()
        assert not {"trap", "syslog", "verdict", "refusal", "silence", "flap", "incident"} & shown.keys()
        assert shown["host"] == {"name": "rt01.example.net", "known": True, "os": "ios", "stale_s": 0}
        assert shown["subject"] == {"type": "interface", "name": "GigabitEthernet0/1", "ifindex": 3}
        assert shown["source"] == {"address": "192.0.2.1", "agent_address": None, "engine_id": None}

    def test_the_fingerprint_names_host_problem_and_subject(self):
        assert LINK_DOWN.fingerprint == "rt01.example.net/interface_down/GigabitEthernet0/1"
        assert LINK_DOWN.fingerprint == fingerprint("rt01.example.net", "interface_down", "GigabitEthernet0/1")

    def test_trap_and_log_line_of_one_fault_share_a_fingerprint(self):
        assert replace(LINK_DOWN, via="syslog", kind="other", phase="clear").fingerprint == LINK_DOWN.fingerprint

    @pytest.mark.parametrize(
        ("subject", "key"),
        [
            (Subject("interface", "Gi0/1", ifindex=3), "Gi0/1"),
            (Subject("interface", ifindex=3), "ifindex-3"),
            (Subject("interface", ifindex=0), "ifindex-0"),
            (Subject("interface", name=""), "interface"),
            (Subject("device"), "device"),
        ],
    )
    def test_a_subject_is_told_by_name_else_index_else_type(self, subject, key):
        assert subject.key == key

    def test_aliases_do_not_tell_events_apart_and_are_not_shown(self):
        other = replace(LINK_DOWN, aliases=("192.0.2.1/interface_down/ifindex-3",))
        assert other == LINK_DOWN
        assert other.to_json() == LINK_DOWN.to_json()

    def test_the_queue_gets_no_template_whoever_wrote_it(self):
        event = replace(
            LINK_DOWN,
            host=replace(LINK_DOWN.host, name="{{ host }}"),
            subject=replace(LINK_DOWN.subject, description="{{ lookup('pipe','id') }}"),
            trap={"version": "2c", "type": "trap", "name": "n", "oid": "1.3", "varbinds": {"{{ k }}": "{% v %}"}},
        )
        assert not any("{" in text for text in strings(event.to_queue()))
        assert event.to_json()["subject"]["description"] == "{{ lookup('pipe','id') }}", "the log keeps the original"


class TestTheLimitOfARun:
    def test_a_known_host_limits_the_playbook(self):
        assert LINK_DOWN.to_json()["meta"] == {"hosts": "rt01.example.net"}

    @pytest.mark.parametrize(
        "host", [Host("192.0.2.1", known=False), Host("rt01", known=False), Host("all", known=True)]
    )
    def test_a_host_nobody_can_log_in_to_by_name_runs_where_fannel_runs(self, host):
        assert replace(LINK_DOWN, host=host).to_json()["meta"] == {"hosts": "localhost"}

    @pytest.mark.parametrize("name", ["rt01", "rt01.example.net", "192.0.2.1", "2001:db8::1", "a_b-c", "_x", "x" * 253])
    def test_names_of_hosts(self, name):
        assert is_host_name(name)

    @pytest.mark.parametrize(
        "name",
        [
            *("", "-x", "a,b", "a b", "!a", "&a", "*", "a*", "~a", "@file", "a[0]", "a;b", "a\n", "{{ a }}", "x" * 254),
            *("all", "ALL", "ungrouped", "localhost", "ｒｔ01", "a/b", "$x", "`id`"),
        ],
    )
    def test_no_names_of_hosts(self, name):
        assert not is_host_name(name)
