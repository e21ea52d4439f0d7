"""`fannel silence add | list | show | extend | expire`, on a real database."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from events import event
from typer.testing import CliRunner

from fannel.cli.app import app
from fannel.incidents.silences import Silences
from fannel.incidents.store import Store

HOSTS = str(Path(__file__).parents[1] / "corpus" / "silences" / "hosts.yml")


@pytest.fixture
def url(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    url = f"sqlite:///{tmp_path}/fannel.sqlite3"
    monkeypatch.setenv("FANNEL_DATABASE__URL", url)
    return url


def run(*arguments):
    result = CliRunner().invoke(app, ["silence", *map(str, arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def add(*words):
    return json.loads(run("add", *words, "--hosts", HOSTS, "--json").stdout)["silences"][0]


def test_a_silence_is_added_as_it_would_be_in_chat(url):
    added = add("rt-tyo-01", "Gi0/1", "2h", "card swap")
    assert added["scopes"] == [
        [
            {"field": "host", "operator": "equal", "value": "rt-tyo-01"},
            {"field": "interface", "operator": "equal", "value": "Gi0/1"},
        ]
    ]
    assert (added["state"], added["reason"], added["origin"]) == ("active", "card swap", "cli")
    lasts = datetime.fromisoformat(added["ends_at"]) - datetime.fromisoformat(added["starts_at"])
    assert lasts == timedelta(hours=2)


def test_what_is_not_understood_is_not_added(url):
    result = run("add", "rt-tyo-99 2h", "--hosts", HOSTS)
    assert result.exit_code == 1
    assert "meant is: silence rt-tyo-01 2h" in result.stderr
    assert "nothing is silenced" in run("list").stdout


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("rt-tyo-01 2d", "longer than 24 hours"),
        ("rt-tyo-01 rt-tyo-02 rt-osa-01 sw-tyo-11 r1 may-02 1h", "6 hosts, more than 5"),
    ],
)
def test_what_is_broad_is_asked_back(url, words, why):
    result = run("add", words, "--hosts", HOSTS)
    assert result.exit_code == 1
    assert why in result.stderr
    assert run("add", words, "--hosts", HOSTS, "--yes").exit_code == 0


def test_the_longest_is_a_setting(url, monkeypatch):
    monkeypatch.setenv("FANNEL_SILENCES__LONGEST_DAYS", "0.5")
    assert "the longest is 0.5 days" in run("add", "rt-tyo-01 1d", "--hosts", HOSTS).stderr


def test_list_shows_what_holds_and_with_all_what_is_over(url):
    first, second = add("rt-tyo-01 2h"), add("rt-osa-01 2h")
    run("expire", first["id"])
    listed = run("list").stdout
    assert f"#{second['id']} active  host=rt-osa-01" in listed
    assert "rt-tyo-01" not in listed
    assert f"#{first['id']} expired" in run("list", "--all").stdout


def test_extend_adds_to_the_end(url):
    added = add("rt-tyo-01 2h")
    changed = json.loads(run("extend", added["id"], "1h", "--json").stdout)["silences"][0]
    later = datetime.fromisoformat(changed["ends_at"]) - datetime.fromisoformat(added["ends_at"])
    assert (later, changed["revision"], changed["what"]) == (timedelta(hours=1), 2, "extended")


def test_extend_does_not_pass_the_longest(url):
    added = add("rt-tyo-01 2h")
    assert "silences.longest_days" in run("extend", added["id"], "7d").stderr


def test_expire_of_one_host_narrows(url):
    added = add("rt-tyo-01 rt-tyo-02 2h")
    (changed,) = json.loads(run("expire", "rt-tyo-02", "--hosts", HOSTS, "--json").stdout)["silences"]
    assert (changed["id"], changed["what"]) == (added["id"], "narrowed")
    assert [scope[0]["value"] for scope in changed["scopes"]] == ["rt-tyo-01"]


def test_expire_of_part_of_a_host_is_asked_back(url):
    add("rt-tyo-01 2h")
    result = run("expire", "rt-tyo-01 Gi0/1", "--hosts", HOSTS)
    assert result.exit_code == 1
    assert "is about more" in result.stderr


def test_show_tells_its_revisions_and_what_came_under_it(url):
    added = add("rt-tyo-01 2h card swap")
    store = Store.open(url)
    now = datetime.now(UTC)
    observed = replace(event(host="rt-tyo-01"), received_at=now)
    (recorded,) = store.record([(Silences(store.silences.current(now)).marked(observed, now), b"raw")])
    store.close()
    run("extend", added["id"], "1h")
    told = run("show", added["id"]).stdout
    assert "card swap" in told
    assert "added by cli" in told
    assert "extended by cli" in told
    assert "1 events came under it:" in told
    assert recorded.incident["id"] in told
    shown = json.loads(run("show", added["id"], "--json").stdout)
    assert shown["events"] == 1
    assert [one["revision"] for one in shown["revisions"]] == [1, 2]


def test_a_silence_that_is_not_there(url):
    for command in (("show", 99), ("expire", 99), ("extend", 99, "1h")):
        result = run(*command)
        assert (result.exit_code, "#99 is not in the database" in result.stderr) == (1, True)


class TestMatchersOnTheCommandLine:
    def scope(self, *arguments):
        (scope,) = json.loads(run("add", *arguments, "--hosts", HOSTS, "--json").stdout)["silences"][0]["scopes"]
        return [(one["field"], one["operator"], one["value"]) for one in scope]

    def test_all_fields_and_operators_and_all_must_match(self, url):
        wanted = ("--match", "host=rt-tyo-01", "--match", "interface~Gi0/*", "--match", "kind=~bgp_.*", "2h", "card")
        assert self.scope(*wanted) == [
            ("host", "equal", "rt-tyo-01"),
            ("interface", "glob", "Gi0/*"),
            ("kind", "regex", "bgp_.*"),
        ]

    def test_they_narrow_what_the_words_name(self, url):
        assert self.scope("rt-tyo-01", "2h", "--match", "severity=minor") == [
            ("host", "equal", "rt-tyo-01"),
            ("severity", "equal", "minor"),
        ]

    def test_a_short_name_is_the_host_that_has_it(self, url):
        assert self.scope("--match", "host=sw-tyo-11", "2h") == [("host", "equal", "sw-tyo-11.example.net")]

    def test_an_address_may_be_unknown(self, url):
        assert self.scope("--match", "host=192.0.2.77", "2h") == [("host", "equal", "192.0.2.77")]

    @pytest.mark.parametrize(
        ("matcher", "why"),
        [
            ("host=rt-tyo-99", "no such host in pagoda: rt-tyo-0"),
            ("host=core1", "several hosts are called so"),
            ("site=tyo9", "no such site"),
            ("hots=rt-tyo-01", "did you mean 'host'?"),
            ("host", "no matcher; meant is field=value"),
            ("severity=bad", "there are critical"),
            ("kind=~bgp(", "no regular expression"),
            ("interface~Gi[9-0]", "no regular expression"),
        ],
    )
    def test_what_nobody_can_mean_is_refused(self, url, matcher, why):
        result = run("add", "--match", matcher, "2h", "--hosts", HOSTS)
        assert result.exit_code == 1
        assert why in result.stderr
        assert "nothing is silenced" in run("list").stdout

    def test_what_matches_many_hosts_is_broad(self, url):
        result = run("add", "--match", "kind=~bgp_.*", "2h", "--hosts", HOSTS)
        assert result.exit_code == 1
        assert "8 hosts, more than 5" in result.stderr
