"""Where each value comes from, and what a mistake is told as."""

from __future__ import annotations

from pathlib import Path

import pytest

from fannel.config import Settings, explain
from fannel.config.settings import sections

RUNNING = Path(__file__).parents[2] / "docs" / "running.md"


class TestWhereValuesComeFrom:
    def test_without_file_and_environment_there_are_defaults(self, home):
        settings = home.load()
        assert (settings.trap.port, settings.site.timezone, settings.pagoda.url) == (10162, "UTC", None)

    def test_the_file_wins_over_the_defaults(self, home):
        home.write("[trap]\nport = 162\n")
        assert home.load().trap.port == 162

    def test_the_environment_wins_over_the_file(self, home):
        home.write("[trap]\nport = 162\nhost = '192.0.2.9'\n")
        trap = home.load(FANNEL_TRAP__PORT="1162").trap
        assert (trap.port, trap.host) == (1162, "192.0.2.9")

    @pytest.mark.parametrize(
        ("name", "section", "key"),
        [
            ("PAGODA_URL", "pagoda", "url"),
            ("PAGODA_TOKEN", "pagoda", "token"),
            ("SLACK_BOT_TOKEN", "slack", "bot_token"),
            ("SLACK_APP_TOKEN", "slack", "app_token"),
        ],
    )
    def test_the_usual_names_win_over_fannels_own(self, home, name, section, key):
        own = f"FANNEL_{section}__{key}".upper()
        values = {name: "https://usual.example/", own: "https://own.example/"}
        found = getattr(getattr(home.load(**values), section), key)
        assert getattr(found, "get_secret_value", found.__str__)() == "https://usual.example/"
        assert getattr(getattr(home.load(**{own: "https://own.example/"}), section), key) is not None

    def test_an_empty_variable_says_nothing(self, home):
        home.write("[pagoda]\nurl = 'https://pagoda.example'\n")
        assert str(home.load(PAGODA_URL="", FANNEL_TRAP__PORT="").pagoda.url) == "https://pagoda.example/"

    def test_a_list_in_a_variable_is_split_at_commas(self, home):
        trap = home.load(
            FANNEL_TRAP__ALLOWED_SOURCES="192.0.2.0/24, 2001:db8::/32", FANNEL_TRAP__COMMUNITIES="a,b"
        ).trap
        assert [str(network) for network in trap.allowed_sources] == ["192.0.2.0/24", "2001:db8::/32"]
        assert [community.get_secret_value() for community in trap.communities] == ["a", "b"]

    def test_fannel_config_names_another_file(self, home):
        home.write("[trap]\nport = 162\n", "elsewhere/other.toml")
        assert home.load(FANNEL_CONFIG="elsewhere/other.toml").trap.port == 162

    def test_a_file_that_fannel_config_names_must_be_there(self, home):
        (line,) = home.mistakes(FANNEL_CONFIG="nowhere.toml")
        assert line == f"FANNEL_CONFIG = {home.path}/nowhere.toml: no such file"

    def test_an_empty_fannel_config_is_none(self, home):
        assert home.load(FANNEL_CONFIG="").trap.port == 10162

    def test_variables_of_others_are_not_read(self, home):
        assert home.load(TRAP__PORT="x", FANNELS="x", PAGODA="x", fannel_trap__port="x").trap.port == 10162

    def test_settings_cannot_be_changed(self, home):
        with pytest.raises(ValueError):
            home.load().trap.port = 1


class TestMistakes:
    """Each is one line that names where it was read, the key, the value, and what was meant."""

    @pytest.mark.parametrize(
        ("text", "line"),
        [
            ("[trap]\nprot = 162", "fannel.toml: trap.prot: no such key, did you mean port?"),
            ("[trap]\nzzz = 1", "fannel.toml: trap.zzz: no such key; known: host, port, listen, reuse_port, "),
            ("[tarp]\nport = 162", "fannel.toml: tarp: no such key, did you mean trap?"),
            ("port = 162", "fannel.toml: port: no such key"),
            ("_env_file = '/etc/passwd'", "fannel.toml: _env_file: no such key"),
            ("[trap]\nport = 99999", "fannel.toml: trap.port = 99999: input should be less than or equal to 65535"),
            ("[trap]\nport = 'x'", "fannel.toml: trap.port = 'x': input should be a valid integer"),
            ("[trap]\nallowed_sources = ['192.0.2.1', 'x']", "fannel.toml: trap.allowed_sources[1] = 'x': value is"),
            ("[trap]\ntrust = ['name']", "fannel.toml: trap.trust[0] = 'name': input should be 'source_address'"),
            ("[slack]\ntimeout_s = 0", "fannel.toml: slack.timeout_s = 0: input should be greater than 0"),
            ("[site]\ntimezone = 'Tokyo'", "fannel.toml: site.timezone = 'Tokyo': no such time zone"),
            ("[slack]\nlanguage = 'jp'", "fannel.toml: slack.language = 'jp': input should be 'en' or 'ja'"),
            ("[slack]\ntime_zone = 'Asia/Tokio'", "fannel.toml: slack.time_zone = 'Asia/Tokio': no such time zone"),
            ("[site]\ntimezone = 'Asia/Tokio'", "fannel.toml: site.timezone = 'Asia/Tokio': no such time zone, did"),
            ("[pagoda]\nurl = 'pagoda'", "fannel.toml: pagoda.url: input should be a valid URL"),
            ("[pagoda]\nurl = 'http://u:p@x/'", "fannel.toml: pagoda.url: must not carry a user name or password"),
            ("[pagoda.device]\nmodle = 'x'", "fannel.toml: pagoda.device.modle: no such key, did you mean model?"),
            ("[pagoda]\nwebhook = ':9164'", "fannel.toml: pagoda.webhook = ':9164': webhook_secret is missing"),
            ("trap = 5", "fannel.toml: trap: input should be a valid dictionary"),
        ],
    )  # fmt: skip
    def test_in_the_file(self, home, text, line):
        home.write(text)
        (found,) = home.mistakes()
        assert found.startswith(line)

    @pytest.mark.parametrize(
        ("environ", "line"),
        [
            ({"FANNEL_TRAP__PROT": "1"}, "FANNEL_TRAP__PROT: no such setting, did you mean FANNEL_TRAP__PORT?"),
            ({"FANNEL_TRAP_PORT": "1"}, "FANNEL_TRAP_PORT: no such setting, did you mean FANNEL_TRAP__PORT?"),
            ({"FANNEL_X": ""}, "FANNEL_X: no such setting"),
            ({"FANNEL_TRAP__PORT": "0"}, "FANNEL_TRAP__PORT = '0': input should be greater than or equal to 1"),
            ({"FANNEL_TRAP__TRUST": "x"}, "FANNEL_TRAP__TRUST = 'x': input should be"),
            ({"PAGODA_URL": "x"}, "PAGODA_URL: input should be a valid URL"),
        ],
    )
    def test_in_the_environment(self, home, environ, line):
        (found,) = home.mistakes(**environ)
        assert found.startswith(line)

    def test_all_are_told_at_once(self, home):
        home.write("[trap]\nport = 0\n[slack]\nchanel = 'C0'\n")
        lines = home.mistakes(FANNEL_TRAP__HOTS="x")
        assert [line.split(":")[0] for line in lines] == ["FANNEL_TRAP__HOTS", "fannel.toml", "fannel.toml"]

    @pytest.mark.parametrize(
        ("content", "line"),
        [
            (b"[trap\n", "{home}/fannel.toml: not TOML: Expected ']'"),
            (b"a = '\xff'", "{home}/fannel.toml: cannot read it: "),
        ],
    )
    def test_a_file_that_is_no_toml(self, home, content, line):
        (home.path / "fannel.toml").write_bytes(content)
        (found,) = home.mistakes()
        assert found.startswith(line.format(home=home.path))

    def test_a_folder_is_no_file(self, home):
        (home.path / "fannel.toml").mkdir()
        (found,) = home.mistakes()
        assert "cannot read it" in found

    def test_options_of_a_rulebook_are_explained_in_their_own_words(self):
        with pytest.raises(ValueError) as told:
            Settings(trap={"port": 0})
        text = explain(told.value, {"trap": {"port": 0}}, {}, where="fannel.network.snmp_trap")
        assert text.startswith("fannel.network.snmp_trap: trap.port = 0: ")


class TestTheManual:
    SECTIONS = ("trap", "syslog", "receiver", "spool", "storm", "quiet", "health")

    @pytest.mark.parametrize(
        "key", [f"{section}.{key}" for section in SECTIONS for key in sections()[section].model_fields]
    )
    def test_every_key_has_its_row(self, key):
        rows = [line for line in RUNNING.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
        assert [row for row in rows if key in row.split("|")[1]]
