"""The doctor's look at pagoda, Slack and the database: real HTTP, real files, and every way they can be wrong."""

from __future__ import annotations

import http.server
import socket
import sqlite3
import threading

import pytest
from pydantic import SecretStr

from fannel.config import Pagoda, Slack
from fannel.incidents.store import Store
from fannel.incidents.store.tables import REVISION
from fannel.lab.pagoda import LAB_TOKEN, Account, Fault, PagodaStandIn, Records
from fannel.lab.slack import APP_TOKEN, BOT_TOKEN, SlackStandIn, running
from fannel.lab.slack import Fault as SlackFault
from fannel.ops.doctor.database import database
from fannel.ops.doctor.pagoda import pagoda
from fannel.ops.doctor.slack import slack


@pytest.fixture(scope="module")
def dead_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class TestPagoda:
    @pytest.fixture
    def stand_in(self):
        stand_in = PagodaStandIn()
        stand_in.url = stand_in.start()
        yield stand_in
        stand_in.stop()

    def look(self, stand_in, token=LAB_TOKEN, **names):
        return pagoda(Pagoda(url=stand_in.url, token=token, **names))

    def test_a_good_one_is_counted(self, stand_in):
        found = self.look(stand_in)
        assert (found.name, found.status, found.remedy) == ("pagoda", "ok", None)
        assert found.finding.startswith(f"{stand_in.url}: 6 devices, ")
        assert found.finding.endswith(" interfaces")

    def test_it_only_reads(self, stand_in):
        self.look(stand_in)
        assert {call.method for call in stand_in.calls} == {"GET", "POST"}
        assert {call.path for call in stand_in.calls if call.method == "POST"} == {"/entry/api/v2/advanced_search/"}

    def test_none_configured_is_a_warning_that_names_the_lab(self):
        found = pagoda(Pagoda())
        assert found.status == "warning"
        assert "the embedded lab network would be used" in found.finding

    @pytest.mark.parametrize("token", ["not-the-token-at-all", None])
    def test_a_wrong_token_is_named_as_such_and_not_shown(self, stand_in, token):
        found = self.look(stand_in, token)
        assert found.status == "wrong"
        assert "PAGODA_TOKEN" in found.remedy
        assert "not-the-token-at-all" not in f"{found}"

    def test_an_expired_token(self, stand_in):
        stand_in.accounts[LAB_TOKEN] = Account(expired=True)
        assert "expired" in self.look(stand_in).finding

    @pytest.mark.parametrize(
        ("account", "remedy"),
        [
            (Account(hidden_models=frozenset({"NetworkDevice"})), "read the models"),
            (Account(hidden_attributes=frozenset({("NetworkDevice", "management_ip")})), "read that attribute"),
        ],
    )
    def test_what_the_account_may_not_read(self, stand_in, account, remedy):
        stand_in.accounts[LAB_TOKEN] = account
        found = self.look(stand_in)
        assert found.status == "wrong"
        assert remedy in found.remedy

    def test_a_missing_model_and_a_missing_attribute_are_told_by_name(self, stand_in):
        no_model = self.look(stand_in, device={"model": "Router"})
        assert 'no model "Router"' in no_model.finding
        no_attribute = self.look(stand_in, device={"role": "purpose"})
        assert 'no attribute "purpose"' in no_attribute.finding
        assert {no_model.status, no_attribute.status} == {"wrong"}

    def test_without_interfaces_in_the_mapping_none_are_looked_for(self, stand_in):
        assert "interfaces" not in self.look(stand_in, interface={"model": ""}).finding

    def test_an_empty_one_is_a_warning(self):
        empty = PagodaStandIn(Records.from_yaml("{sites: {}, platforms: {}, devices: {}}"))
        empty.url = empty.start()
        try:
            assert self.look(empty).status == "warning"
        finally:
            empty.stop()

    @pytest.mark.parametrize("fault", [Fault.DROP, Fault.ERROR_PAGE, Fault.BAD_GATEWAY, Fault.REDIRECT, Fault.CUT])
    def test_one_that_misbehaves_is_wrong(self, stand_in, fault):
        stand_in.fault = fault
        found = self.look(stand_in)
        assert found.status == "wrong"
        assert found.remedy
        assert LAB_TOKEN not in f"{found}"

    def test_nobody_there(self, dead_port):
        found = pagoda(Pagoda(url=f"http://127.0.0.1:{dead_port}", token=LAB_TOKEN))
        assert found.status == "wrong"
        assert "Connection refused" in found.finding
        assert "check PAGODA_URL" in found.remedy


class TestSlack:
    @pytest.fixture
    def stand_in(self):
        stand_in = SlackStandIn()
        with running(stand_in) as url:
            stand_in.api = f"{url}/api/"
            yield stand_in

    def look(self, stand_in, token=BOT_TOKEN, channel="C0ALERTS01", app_token=None):
        app = {} if app_token is None else {"app_token": SecretStr(app_token)}
        return slack(Slack(bot_token=SecretStr(token), api_url=stand_in.api, channel=channel, **app))

    def channel(self, stand_in):
        return stand_in.workspace.channels["C0ALERTS01"]

    def test_a_good_one_is_named(self, stand_in):
        found = self.look(stand_in)
        assert (found.name, found.status) == ("slack", "ok")
        assert f"#{self.channel(stand_in).name} (C0ALERTS01), as " in found.finding

    def test_nothing_is_posted(self, stand_in):
        self.look(stand_in)
        assert not any(stand_in.workspace.messages.values())

    def test_none_configured_is_a_warning(self):
        found = slack(Slack())
        assert (found.status, found.remedy) == ("warning", "set SLACK_BOT_TOKEN and slack.channel")

    def test_a_bot_that_is_no_member_is_told_to_be_invited(self, stand_in):
        self.channel(stand_in).is_member = False
        found = self.look(stand_in)
        assert found.status == "wrong"
        assert "is not a member" in found.finding
        assert "/invite" in found.remedy

    def test_an_archived_channel(self, stand_in):
        self.channel(stand_in).is_archived = True
        found = self.look(stand_in)
        assert found.status == "wrong"
        assert "is archived" in found.finding

    def test_a_channel_that_is_not_there(self, stand_in):
        found = self.look(stand_in, channel="C0NOWHERE1")
        assert found.status == "wrong"
        assert found.finding == "conversations.info: channel_not_found"

    @pytest.mark.parametrize(
        ("granted", "private", "said"),
        [
            ("chat:write,channels:history,files:write", False, "lacks files:read: nobody looks"),
            ("chat:write,channels:history,files:read", False, "lacks files:write: long output"),
            ("chat:write,channels:history,files:write,files:read", True, "lacks groups:history: a post whose outcome"),
            ("chat:write", False, "lacks channels:history, files:write, files:read: a post whose outcome"),
        ],
    )
    def test_a_scope_that_is_missing_is_named_with_what_it_is_for(self, granted, private, said):
        stand_in = SlackStandIn(scopes=granted.split(","))
        self.channel(stand_in).is_private = private
        with running(stand_in) as url:
            stand_in.api = f"{url}/api/"
            found = self.look(stand_in)
        assert found.status == "warning"
        assert said in found.finding
        assert "install it to the workspace again" in found.remedy

    def test_with_an_app_token_people_are_heard(self, stand_in):
        assert self.look(stand_in, app_token=APP_TOKEN).finding.endswith("; people are heard")
        assert "without SLACK_APP_TOKEN nobody is heard" in self.look(stand_in).finding

    def test_a_wrong_app_token_is_not_shown(self, stand_in):
        found = self.look(stand_in, app_token="xapp-wrong-one")
        assert (found.status, found.finding) == ("wrong", "SLACK_APP_TOKEN: invalid_auth: nobody is heard")
        assert "connections:write" in found.remedy
        assert "xapp-wrong-one" not in f"{found}"

    def test_what_hearing_people_takes_is_asked_for_where_it_is_wanted(self):
        stand_in = SlackStandIn(scopes=["channels:history", "files:write", "files:read", "users:read", "commands"])
        with running(stand_in) as url:
            stand_in.api = f"{url}/api/"
            assert self.look(stand_in).status == "ok"
            assert "lacks reactions:write: no request gets a mark" in self.look(stand_in, app_token=APP_TOKEN).finding

    def test_a_wrong_token_is_not_shown(self, stand_in):
        found = self.look(stand_in, token="xoxb-wrong-one")
        assert (found.status, found.finding) == ("wrong", "auth.test: invalid_auth")
        assert "SLACK_BOT_TOKEN" in found.remedy
        assert "xoxb-wrong-one" not in f"{found}"

    @pytest.mark.parametrize("kind", ["garbage", "http_before", "drop_before", "ratelimited"])
    def test_one_that_misbehaves_is_wrong(self, stand_in, kind):
        stand_in.faults.add(SlackFault(kind, times=9))
        found = self.look(stand_in)
        assert found.status == "wrong"
        assert found.finding.startswith("auth.test: ")

    def test_nobody_there(self, dead_port):
        found = slack(Slack(bot_token=SecretStr("xoxb-1"), api_url=f"http://127.0.0.1:{dead_port}/api/"))
        assert (found.status, found.finding) == (
            "wrong",
            "auth.test: unreachable (ConnectionRefusedError: Connection refused)",
        )


class TestDatabase:
    @pytest.fixture
    def file(self, tmp_path):
        path = tmp_path / "fannel.sqlite3"
        Store.open(f"sqlite:///{path}").close()
        return path

    def test_a_good_one(self, file):
        found = database(f"sqlite:///{file}")
        assert (found.name, found.status) == ("database", "ok")
        assert found.finding == f"{file} is writable; schema {REVISION}"

    def test_one_that_will_be_made_is_not_made_now(self, tmp_path):
        found = database(f"sqlite:///{tmp_path}/var/deep/fannel.sqlite3")
        assert (found.status, found.finding) == (
            "ok",
            f"{tmp_path}/var/deep/fannel.sqlite3 will be made at the first start",
        )
        assert list(tmp_path.iterdir()) == []

    def test_where_none_can_be_made(self, tmp_path):
        (tmp_path / "var").write_text("a file")
        found = database(f"sqlite:///{tmp_path}/var/fannel.sqlite3")
        assert found.status == "wrong"
        assert "cannot be made" in found.finding

    def test_an_empty_one_is_not_upgraded_by_looking(self, tmp_path):
        path = tmp_path / "empty.sqlite3"
        sqlite3.connect(path).close()
        path.touch()
        assert (
            database(f"sqlite:///{path}").finding
            == f"{path} is writable; schema none becomes {REVISION} at the next start"
        )
        assert path.stat().st_size == 0

    def test_a_newer_schema_is_wrong(self, file):
        with sqlite3.connect(file) as connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
        found = database(f"sqlite:///{file}")
        assert found.status == "wrong"
        assert f"schema 9999, newer than {REVISION}" in found.finding

    def test_a_file_that_is_no_database(self, tmp_path):
        path = tmp_path / "x.sqlite3"
        path.write_text("no database at all, but long enough to look like one" * 10)
        found = database(f"sqlite:///{path}")
        assert (found.status, found.finding) == ("wrong", f"{path}: file is not a database")

    def test_a_folder_is_no_database(self, tmp_path):
        found = database(f"sqlite:///{tmp_path}")
        assert (found.status, found.finding) == ("wrong", f"{tmp_path}: unable to open database file")

    def test_one_that_is_being_written_for_long_is_a_warning(self, file):
        with sqlite3.connect(file, isolation_level=None) as writer:
            writer.execute("BEGIN IMMEDIATE")
            assert database(f"sqlite:///{file}", patience_s=0.1).status == "warning"

    @pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "nonsense", "mysql://x/y"])
    def test_what_cannot_hold_incidents(self, url):
        found = database(url)
        assert found.status == "wrong"
        assert "database.url" in found.remedy

    def test_a_server_that_is_away_is_told_without_its_password(self, dead_port):
        found = database(f"postgresql://fannel:hunter2@127.0.0.1:{dead_port}/fannel")
        assert found.status == "wrong"
        assert "hunter2" not in f"{found}"
        assert "127.0.0.1" in found.finding


def test_a_service_that_never_answers_does_not_hold_the_doctor_up():
    release = threading.Event()

    class Silent(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            release.wait(timeout=30)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Silent)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        url = f"http://127.0.0.1:{server.server_address[1]}/api/"
        assert slack(Slack(bot_token=SecretStr("xoxb-1"), api_url=url), patience_s=0.4).status == "wrong"
    finally:
        release.set()
        server.shutdown()
        server.server_close()
