"""Addresses, work windows, storms: what is more than one value."""

from __future__ import annotations

import json

import pytest

from fannel.config import export, load


class TestWhereToListen:
    """`listen`, or host and port: two ways to say one thing, and variables win over the file in both."""

    TOO = "host or port is set, too: keep one of the two"
    BOTH = "[trap]\nlisten = ['0.0.0.0:162', '[2001:db8::1]:162', ':9162']\n"
    HALF = (
        "{}: fannel.toml sets trap.listen: set FANNEL_TRAP__LISTEN, or FANNEL_TRAP__HOST and FANNEL_TRAP__PORT"
    )  # fmt: skip

    def test_host_and_port_are_one_address(self, home):
        assert home.load().trap.addresses == (("0.0.0.0", 10162),)
        home.write("[trap]\nhost = '192.0.2.9'\n")
        assert home.load().trap.addresses == (("192.0.2.9", 10162),)

    def test_listen_is_as_many_as_are_written(self, home):
        home.write(self.BOTH)
        addresses = home.load().trap.addresses
        assert addresses == (("0.0.0.0", 162), ("2001:db8::1", 162), ("", 9162))
        assert [str(address) for address in addresses] == ["0.0.0.0:162", "[2001:db8::1]:162", ":9162"]

    def test_a_variable_of_addresses_wins_over_every_way_of_the_file(self, home):
        for text in (self.BOTH, "[trap]\nport = 162\n", "[trap]\nhost = '192.0.2.9'\nport = 162\n"):
            home.write(text)
            trap = home.load(FANNEL_TRAP__LISTEN="192.0.2.1:162, [::1]:162").trap
            assert trap.addresses == (("192.0.2.1", 162), ("::1", 162))

    def test_variables_of_host_and_port_win_over_the_files_listen(self, home):
        home.write(self.BOTH)
        trap = home.load(FANNEL_TRAP__HOST="192.0.2.1", FANNEL_TRAP__PORT="1162").trap
        assert trap.addresses == (("192.0.2.1", 1162),)

    @pytest.mark.parametrize("name", ["FANNEL_TRAP__HOST", "FANNEL_TRAP__PORT"])
    def test_half_an_address_by_variable_does_not_open_more_than_the_file_did(self, home, name):
        home.write(self.BOTH)
        value = "1162" if name.endswith("PORT") else "192.0.2.1"
        assert home.mistakes(**{name: value}) == [self.HALF.format(name)]

    @pytest.mark.parametrize(
        ("text", "environ", "line"),
        [
            ("[trap]\nlisten = [':162']\nport = 162", {}, f"fannel.toml: trap.listen = [':162']: {TOO}"),
            (
                "",
                {"FANNEL_TRAP__LISTEN": ":162", "FANNEL_TRAP__PORT": "162"},
                f"FANNEL_TRAP__LISTEN = [':162']: {TOO}",
            ),
            ("[trap]\nlisten = [':9', ':9']", {}, "fannel.toml: trap.listen = [':9', ':9']: :9 is there twice"),
            ("[trap]\nlsiten = [':162']", {}, "fannel.toml: trap.lsiten: no such key, did you mean listen?"),
            ("[trap]\nlisten = ':162'", {}, "fannel.toml: trap.listen = ':162': input should be a valid tuple"),
            ("", {"FANNEL_TRAP__LISTN": ""}, "FANNEL_TRAP__LISTN: no such setting, did you mean FANNEL_TRAP__LISTEN?"),
        ],
    )  # fmt: skip
    def test_a_mistake_is_one_line(self, home, text, environ, line):
        home.write(text)
        assert home.mistakes(**environ) == [line]

    @pytest.mark.parametrize(
        ("address", "words"),
        [
            *((text, "an address is written ADDRESS:PORT") for text in ("162", "0.0.0.0", ":0", ":65536", ":x", "")),
            ("localhost:162", "localhost is not an IP address"),
            ("2001:db8::1:162", "an IPv6 address, and no other, is written in brackets"),
            ("[192.0.2.1]:162", "an IPv6 address, and no other, is written in brackets"),
            ("[2001:db8::1:162", "[2001:db8::1 is not an IP address"),
        ],
    )
    def test_an_address_that_is_none_is_told_with_its_place(self, home, address, words):
        home.write(f"[trap]\nlisten = [':162', '{address}']\n")
        (line,) = home.mistakes()
        assert line.startswith(f"fannel.toml: trap.listen[1] = {address!r}: {words}")

    def test_the_pages_of_health_listen_where_they_are_told_or_not_at_all(self, home):
        assert (home.load().health.receiver, home.load().health.check) == (None, None)
        health = home.load(FANNEL_HEALTH__RECEIVER=":9162", FANNEL_HEALTH__CHECK="[::1]:9163").health
        assert (health.receiver, health.check) == (("", 9162), ("::1", 9163))
        (line,) = home.mistakes(FANNEL_HEALTH__SOURCE="9162")
        assert line.startswith("FANNEL_HEALTH__SOURCE = '9162': an address is written ADDRESS:PORT")

    def test_what_is_shown_can_be_read_again(self, home):
        home.write(self.BOTH)
        shown = json.loads(home.load(FANNEL_HEALTH__CHECK="[::1]:9163").model_dump_json())
        assert shown["trap"]["listen"] == ["0.0.0.0:162", "[2001:db8::1]:162", ":9162"]
        assert shown["health"]["check"] == "[::1]:9163"


class TestWorkWindows:
    def test_a_calendar_is_an_address_or_a_file_beside_the_settings(self, home):
        home.write("[silences.calendars]\nx = 'https://u:p@example.net/a.ics'\ny = 'work.ics'\n")
        found = home.load().silences
        assert found.calendars["x"].get_secret_value() == "https://u:p@example.net/a.ics"
        assert found.calendars["y"].get_secret_value() == str(home.path / "work.ics")
        assert found.folder == home.path / "silences"

    def test_its_address_is_not_shown(self, home):
        home.write("[silences.calendars]\nx = 'https://example.net/private-abc123.ics'\n")
        assert "abc123" not in home.load().model_dump_json() + repr(home.load())

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("x = 'ftp://example.net/secret.ics'", "a calendar is at an http or https address, or a file"),
            ("x = 'https:///secret.ics'", "this address names no host"),
            ("'a/b' = 'secret.ics'", "silences.calendars"),
            ("x = ''", "silences.calendars"),
        ],
    )
    def test_a_mistake_names_the_key_and_shows_no_address(self, home, text, words):
        home.write(f"[silences.calendars]\n{text}\n")
        (line,) = home.mistakes()
        assert words in line
        assert "secret" not in line

    def test_the_folder_reaches_a_child_process(self, home):
        home.write("[silences]\nfolder = 'plans'\n")
        environ = {"FANNEL_CONFIG": str(home.path / "fannel.toml")}
        export(load(environ, cwd=home.path), environ, cwd=home.path)
        assert environ["FANNEL_SILENCES__FOLDER"] == str(home.path / "plans")


class TestStormsQuietAndSpool:
    def test_what_is_expected_are_tables(self, home):
        home.write(
            "[[quiet.expect]]\nnetwork = '192.0.2.0/24'\nevery_s = 900\n"
            "[[quiet.expect]]\nnetwork = '2001:db8::/32'\nevery_s = 60\n"
        )
        found = [(str(one.network), one.every_s) for one in home.load().quiet.expect]
        assert found == [("192.0.2.0/24", 900), ("2001:db8::/32", 60)]

    @pytest.mark.parametrize(
        ("text", "line"),
        [
            ("[[quiet.expect]]\nnetwork = '192.0.2.0/24'", "quiet.expect[0].every_s: field required"),
            ("[[quiet.expect]]\nnetwork = 'x'\nevery_s = 9", "quiet.expect[0].network = 'x': value is not"),
            ("[[quiet.expect]]\nnetwork = '::/0'\nevery_s = 0", "quiet.expect[0].every_s = 0: input should be greater"),
            ("[[quiet.expect]]\nnetwork = '::/0'\nevery_s = inf", "quiet.expect[0].every_s = inf: input should be"),
            ("[[quiet.expect]]\nnetwrk = '::/0'\nevery_s = 9", "quiet.expect[0].network: field required"),
            ("[quiet]\nexpect = 900", "quiet.expect = 900: input should be a valid tuple"),
            ("[spool]\noctets = 1000", "spool.octets = 1000: input should be greater than or equal to 1048576"),
            ("[spool]\nage_s = 1", "spool.age_s = 1: input should be greater than or equal to 60"),
            ("[spool]\nbytes = 1", "spool.bytes: no such key, did you mean octets?"),
            ("[storm]\nwindow_s = -1", "storm.window_s = -1: input should be greater than or equal to 0"),
            ("[storm]\nsource_rate = nan", "storm.source_rate = nan: input should be a finite number"),
            ("[storm]\nsource_burst = 0", "storm.source_burst = 0: input should be greater than or equal to 1"),
            ("[receiver]\nso_rcvbuf = 1", "receiver.so_rcvbuf = 1: input should be greater than or equal to 4096"),
            ("[health]\ncanary_every_s = -1", "health.canary_every_s = -1: input should be greater than or equal to 0"),
        ],
    )  # fmt: skip
    def test_a_mistake_names_the_key(self, home, text, line):
        home.write(text)
        assert home.mistakes()[0].startswith(f"fannel.toml: {line}")

    def test_a_key_of_a_table_is_suggested(self, home):
        home.write("[[quiet.expect]]\nnetwrk = '::/0'\nevery_s = 9")
        assert "fannel.toml: quiet.expect[0].netwrk: no such key, did you mean network?" in home.mistakes()

    def test_the_spool_is_beside_the_settings_file(self, home):
        home.write("", "etc/fannel.toml")
        assert home.load(FANNEL_CONFIG="etc/fannel.toml").spool.directory == home.path / "etc/var/spool"
        assert home.load(FANNEL_SPOOL__DIRECTORY="spool").spool.directory == home.path / "spool"
