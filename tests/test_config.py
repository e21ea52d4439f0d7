"""Settings: where each value comes from, what a mistake is told as, and that no secret ever shows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fannel.cli import app as cli
from fannel.config import ConfigError, Settings, explain, export, load
from fannel.config.settings import sections

RUNNING = Path(__file__).parents[1] / "docs" / "running.md"
SECRET = "xoxb-do-not-show-me"


@pytest.fixture
def home(tmp_path):
    """A folder with a fannel.toml that `write()` fills."""

    class Home:
        path = tmp_path

        def write(self, text: str, name: str = "fannel.toml") -> Path:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
            return tmp_path / name

        def load(self, **environ: str) -> Settings:
            return load(environ, cwd=tmp_path)

        def mistakes(self, **environ: str) -> list[str]:
            with pytest.raises(ConfigError) as told:
                load(environ, cwd=tmp_path)
            return str(told.value).splitlines()

    return Home()


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


class TestSecretsFromFiles:
    @pytest.mark.parametrize("name", ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "PAGODA_TOKEN"])
    def test_a_file_named_by_a_variable(self, home, name):
        file = home.write(f"  {SECRET}\n", "secret")
        settings = home.load(**{f"{name}_FILE": str(file)})
        section = settings.pagoda if name == "PAGODA_TOKEN" else settings.slack
        assert (
            getattr(section, name.removeprefix("SLACK_").removeprefix("PAGODA_").lower()).get_secret_value() == SECRET
        )

    def test_a_file_named_in_the_file_is_beside_it(self, home):
        home.write("[slack]\nbot_token_file = 'bot'\n", "etc/fannel.toml")
        home.write(SECRET, "etc/bot")
        assert home.load(FANNEL_CONFIG="etc/fannel.toml").slack.bot_token.get_secret_value() == SECRET

    def test_a_file_named_by_a_variable_is_where_the_command_was_typed(self, home):
        home.write("", "etc/fannel.toml")
        home.write(SECRET, "bot")
        settings = home.load(FANNEL_CONFIG="etc/fannel.toml", SLACK_BOT_TOKEN_FILE="bot")
        assert settings.slack.bot_token.get_secret_value() == SECRET

    def test_the_environments_secret_wins_over_the_files_file_and_the_other_way_round(self, home):
        file = home.write("from-file", "secret")
        home.write(f"[pagoda]\ntoken_file = '{file}'\n")
        assert home.load(PAGODA_TOKEN="from-env").pagoda.token.get_secret_value() == "from-env"
        home.write("[pagoda]\ntoken = 'from-toml'\n")
        assert home.load(PAGODA_TOKEN_FILE=str(file)).pagoda.token.get_secret_value() == "from-file"

    def test_both_in_one_place_is_a_mistake(self, home):
        file = home.write(SECRET, "secret")
        assert home.mistakes(PAGODA_TOKEN="x", PAGODA_TOKEN_FILE=str(file)) == [
            "PAGODA_TOKEN_FILE: token is set, too: keep one of the two"
        ]
        assert home.mistakes(FANNEL_PAGODA__TOKEN="x", PAGODA_TOKEN_FILE=str(file)) == [
            "PAGODA_TOKEN_FILE: token is set, too: keep one of the two"
        ]
        home.write(f"[slack]\nbot_token = 'x'\nbot_token_file = '{file}'\n")
        assert home.mistakes() == ["fannel.toml: slack.bot_token_file: bot_token is set, too: keep one of the two"]

    @pytest.mark.parametrize(
        ("make", "words"),
        [
            (lambda path: None, "cannot read {}: No such file or directory"),
            (lambda path: path.mkdir(), "cannot read {}: Is a directory"),
            (lambda path: path.write_text(" \n"), "{} is empty"),
            (lambda path: path.write_bytes(b"\xff"), "cannot read {}: it is not UTF-8 text"),
        ],
    )
    def test_a_file_without_a_secret_is_named(self, home, make, words):
        path = home.path / "secret"
        make(path)
        assert home.mistakes(SLACK_APP_TOKEN_FILE=str(path)) == [f"SLACK_APP_TOKEN_FILE: {words.format(path)}"]

    def test_an_empty_secret_is_none(self, home):
        home.write("[slack]\nbot_token = ''\n")
        (line,) = home.mistakes()
        assert line.startswith("fannel.toml: slack.bot_token: ")


class TestSecretsStaySecret:
    FULL = f"""
        [trap]
        communities = ['{SECRET}']
        [pagoda]
        url = 'https://pagoda.example'
        token = '{SECRET}'
        [slack]
        bot_token = '{SECRET}'
        app_token = '{SECRET}'
        [[trap.users]]
        name = 'noc'
        auth = 'sha256'
        auth_password = '{SECRET}'
        sources = ['192.0.2.0/24']
        [database]
        url = 'postgresql://fannel:{SECRET}@db.example/fannel'
    """

    def test_in_no_repr_no_text_and_no_dump(self, home):
        home.write(self.FULL)
        settings = home.load()
        shown = [repr(settings), str(settings), settings.model_dump_json(), repr(settings.model_dump()["trap"])]
        shown += [f"{section!r}{section}" for section in (settings.trap, settings.pagoda, settings.slack)]
        shown += [repr(settings.database), str(settings.database)]
        assert not [text for text in shown if SECRET in text]
        assert json.loads(settings.model_dump_json())["database"]["url"] == "postgresql://fannel:***@db.example/fannel"

    @pytest.mark.parametrize(
        "text",
        [
            f"slack = '{SECRET}'",
            f"[slack]\nbot_token = ['{SECRET}']",
            f"[slack]\nbot_token = {{value = '{SECRET}'}}",
            f"[slack]\ntoken = '{SECRET}'",
            f"[slack]\nbot_token = '{SECRET}'\nbot_token_file = 'x'",
            f"[trap]\ncommunities = '{SECRET}'",
            f"[trap]\ncommunities = ['{SECRET}', 5]",
            f"[trap]\ncommunities = [['{SECRET}']]",
            f"[database]\nurl = ['postgresql://x:{SECRET}@y']",
            f"[pagoda]\nurl = 'https://x:{SECRET}@y/'",
            f"[pagoda]\nurl = 'nonsense {SECRET}'",
            f"[trap]\nport = {{ a = '{SECRET}' }}",
            f"bot_token = '{SECRET}'",
        ],
    )
    def test_in_no_mistake(self, home, text):
        home.write(text)
        assert not [line for line in home.mistakes() if SECRET in line]

    def test_nor_in_the_traceback_of_one(self, home):
        home.write(f"[slack]\nbot_token = ['{SECRET}']\n")
        with pytest.raises(ConfigError) as told:
            home.load()
        assert (told.value.__cause__, told.value.__context__) == (None, None)

    def test_in_no_name_of_an_unknown_variable(self, home):
        assert not [line for line in home.mistakes(FANNEL_SLACK__TOKEN=SECRET) if SECRET in line]


class TestUsers:
    """SNMPv3 users: tables in the settings file, or the same tables in a file of their own."""

    GOOD = f"""
        [[trap.users]]
        name = 'noc'
        auth = 'SHA-256'
        auth_password = '{SECRET}'
        priv = 'aes128'
        priv_password = '{SECRET}'
        engine_id = '0x80:00:1f:88:04:61'
        level = 'authNoPriv'
    """

    def test_in_the_settings_file(self, home):
        home.write(self.GOOD)
        (user,) = home.load().trap.users
        assert (user.name, user.auth, user.priv, user.level) == ("noc", "sha256", "aes128", "authNoPriv")
        assert (user.engine_id, user.key_extension) == ("80001f880461", "blumenthal")
        assert user.auth_password.get_secret_value() == SECRET

    @pytest.mark.parametrize("where", ["variable", "file"])
    def test_in_a_file_of_their_own_with_passwords_beside_it(self, home, where):
        home.write(self.GOOD.replace(f"auth_password = '{SECRET}'", "auth_password_file = 'auth'"), "keys/users.toml")
        home.write(f"{SECRET}-of-the-file", "keys/auth")
        if where == "file":
            home.write("[trap]\nusers_file = 'keys/users.toml'\n")
        environ = {"FANNEL_TRAP__USERS_FILE": "keys/users.toml"} if where == "variable" else {}
        (user,) = home.load(**environ).trap.users
        assert user.auth_password.get_secret_value() == f"{SECRET}-of-the-file"

    def test_a_variable_that_names_the_file_wins_over_the_settings_file(self, home):
        home.write(self.GOOD)
        home.write(self.GOOD.replace("'noc'", "'lab'"), "users.toml")
        assert [user.name for user in home.load(FANNEL_TRAP__USERS_FILE="users.toml").trap.users] == ["lab"]

    def test_both_in_one_place_is_a_mistake(self, home):
        home.write(f"[trap]\nusers_file = 'users.toml'\n{self.GOOD}")
        assert home.mistakes() == ["fannel.toml: trap.users_file: users is set, too: keep one of the two"]

    def test_not_in_a_variable(self, home):
        (line,) = home.mistakes(FANNEL_TRAP__USERS=SECRET)
        assert line == "FANNEL_TRAP__USERS: no such setting, did you mean FANNEL_TRAP__USERS_FILE?"

    @pytest.mark.parametrize(
        ("good", "wrong", "line"),
        [
            ("auth_password", "auth_pasword", "trap.users[0].auth_pasword: no such key, did you mean auth_password?"),
            ("name = 'noc'", "", "trap.users[0].name: field required"),
            ("name = 'noc'", f"name = '{'x' * 33}'", "trap.users[0].name: a user name has 1 to 32 octets"),
            ("'SHA-256'", "'sha2'", "trap.users[0].auth: input should be 'md5', 'sha', 'sha224'"),
            ("'aes128'", "'3des'", "trap.users[0].priv: input should be 'des', 'aes128'"),
            ("auth = 'SHA-256'", "", "trap.users[0].auth_password: auth is missing: a password without an algorithm"),
            (f"auth_password = '{SECRET}'", "", "trap.users[0].auth_password: missing: auth needs auth_password or"),
            (f"auth_password = '{SECRET}'", "auth_password = 'short'", "trap.users[0].auth_password: a password has"),
            (f"auth_password = '{SECRET}'", "auth_password_file = 'no'", "trap.users[0].auth_password_file: cannot"),
            (f"auth = 'SHA-256'\n        auth_password = '{SECRET}'", "", "trap.users[0].priv: auth is missing, and"),
            ("engine_id = '0x80:00:1f:88:04:61'", "", "trap.users[0].sources: missing: give an engine_id, or"),
            ("0x80:00:1f:88:04:61", "80001f", "trap.users[0].engine_id: an engine id has 5 to 32 octets"),
            ("0x80:00:1f:88:04:61", "rt-tyo-01", "trap.users[0].engine_id: an engine id is written in hexadecimal"),
            ("level = 'authNoPriv'", "sources = ['here']", "trap.users[0].sources[0]: value is not a valid IPv4 or"),
            ("'authNoPriv'", "'authpriv'", "trap.users[0].level: input should be 'noAuthNoPriv', 'authNoPriv' or"),
            (f"priv = 'aes128'\n        priv_password = '{SECRET}'", "", None),
        ],
    )  # fmt: skip
    def test_a_mistake_is_one_line_that_names_the_key(self, home, good, wrong, line):
        assert good in self.GOOD
        home.write(self.GOOD.replace(good, wrong, 1))
        if line is None:  # the control: what is left is a user that only authenticates
            assert home.load().trap.users[0].priv is None
            return
        (found,) = home.mistakes()
        assert found.startswith(f"fannel.toml: {line}")
        assert SECRET not in found

    def test_a_level_beyond_the_algorithms_is_a_mistake(self, home):
        home.write("[[trap.users]]\nname = 'noc'\nsources = ['192.0.2.0/24']\nlevel = 'authPriv'\n")
        assert home.mistakes() == [
            "fannel.toml: trap.users[0].level: authPriv needs algorithms that this user does not have"
        ]

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (None, "cannot read {}: No such file or directory"),
            (b"\xff", "cannot read {}: it is not UTF-8 text"),
            (b"[[trap.users\n", "{} is not TOML: "),
            (b"[trap]\nport = 162\n", "{} has to hold tables [[trap.users]] and nothing else"),
            (b"[[users]]\nname = 'noc'\n", "{} has to hold tables [[trap.users]] and nothing else"),
        ],
    )
    def test_a_file_that_cannot_be_used_is_named(self, home, content, words):
        path = home.path / "users.toml"
        if content is not None:
            path.write_bytes(content)
        (line,) = home.mistakes(FANNEL_TRAP__USERS_FILE="users.toml")
        assert line.startswith(f"FANNEL_TRAP__USERS_FILE: {words.format(path)}")

    def test_a_mistake_in_the_file_names_the_file(self, home):
        path = home.write(self.GOOD.replace("priv =", "privacy ="), "users.toml")
        assert home.mistakes(FANNEL_TRAP__USERS_FILE="users.toml")[0].startswith(
            f"{path}: trap.users[0].privacy: no such"
        )

    @pytest.mark.parametrize(
        "value", [f"'{SECRET}'", f"['{SECRET}']", f"[{{ name = '{SECRET}' }}]", f"{{ a = '{SECRET}' }}"]
    )
    def test_no_secret_in_any_shape_of_mistake(self, home, value):
        home.write(f"[trap]\nusers = {value}\n")
        assert not [line for line in home.mistakes() if SECRET in line]


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


class TestEngines:
    def test_ids_are_kept_in_one_spelling(self, home):
        home.write("[trap.engines]\n'0x80:00:1F:88:04:61' = ' rt1 '\n80001f880462 = '192.0.2.2'\n")
        assert home.load().trap.engines == {"80001f880461": "rt1", "80001f880462": "192.0.2.2"}

    @pytest.mark.parametrize(
        ("text", "line"),
        [
            ("rt1 = '80001f880461'", "trap.engines: 'rt1': an engine id is written in hexadecimal"),
            ("80001f = 'rt1'", "trap.engines: '80001f': an engine id has 5 to 32 octets"),
            ("80001f880461 = ' '", "trap.engines: '80001f880461': the device's name or address is missing"),
            ("80001f880461 = 5", "trap.engines.80001f880461 = 5: input should be a valid string"),
            (
                "80001f880461 = 'a'\n80001F880461 = 'b'",
                "trap.engines: '80001F880461': this engine id is there twice, in two spellings",
            ),
        ],
    )
    def test_a_mistake_names_the_engine(self, home, text, line):
        home.write(f"[trap.engines]\n{text}\n")
        assert home.mistakes() == [f"fannel.toml: {line}"]

    def test_not_in_a_variable(self, home):
        (line,) = home.mistakes(FANNEL_TRAP__ENGINES="80001f880461=rt1")
        assert line.startswith("FANNEL_TRAP__ENGINES: no such setting")

    def test_the_order_of_trust_by_variable(self, home):
        assert home.load(FANNEL_TRAP__TRUST="engine_id,source_address").trap.trust == ("engine_id", "source_address")


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


class TestTheManual:
    SECTIONS = ("trap", "syslog", "receiver", "spool", "storm", "quiet", "health")

    @pytest.mark.parametrize(
        "key", [f"{section}.{key}" for section in SECTIONS for key in sections()[section].model_fields]
    )
    def test_every_key_has_its_row(self, key):
        rows = [line for line in RUNNING.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
        assert [row for row in rows if key in row.split("|")[1]]


class TestPaths:
    def test_relative_paths_are_those_of_the_files_folder(self, home):
        home.write("[pagoda]\nca_file = 'ca.pem'\n[checks]\npath = 'own'\n", "etc/fannel.toml")
        settings = home.load(FANNEL_CONFIG="etc/fannel.toml")
        etc = home.path / "etc"
        assert settings.database.url == f"sqlite:///{etc}/var/fannel.sqlite3"
        assert (settings.checks.path, settings.pagoda.ca_file) == (etc / "own", etc / "ca.pem")

    @pytest.mark.parametrize("url", ["sqlite:////abs/x.db", "sqlite:///:memory:", "postgresql://db/fannel"])
    def test_what_is_not_relative_stays(self, home, url):
        assert home.load(FANNEL_DATABASE__URL=url).database.url == url

    def test_without_a_file_they_are_those_of_the_working_directory(self, home):
        assert home.load().checks.path == home.path / "checks"
        assert home.load().pagoda.cache_file == home.path / "var/directory.json"

    def test_what_pagoda_said_is_kept_beside_the_settings_file(self, home):
        home.write("", "etc/fannel.toml")
        settings = home.load(FANNEL_CONFIG="etc/fannel.toml")
        assert settings.pagoda.cache_file == home.path / "etc/var/directory.json"

    def test_what_pagoda_said_need_not_be_kept(self, home):
        assert home.load(FANNEL_PAGODA__CACHE_FILE="").pagoda.cache_file is None
        home.write("[pagoda]\ncache_file = ''\n")
        assert home.load().pagoda.cache_file is None
        assert home.load(FANNEL_PAGODA__CACHE_FILE="/srv/d.json").pagoda.cache_file == Path("/srv/d.json")


class TestExport:
    """A child process in another folder reads the same settings."""

    def test_everything_that_was_relative_arrives(self, home, tmp_path_factory):
        home.write(
            "[trap]\nport = 162\n[pagoda]\ntoken_file = 'token'\nurl = 'http://127.0.0.1:9'\nca_file = 'ca.pem'\n"
        )
        home.write(SECRET, "token")
        home.write(f"{SECRET}-bot", "bot")
        environ = {"SLACK_BOT_TOKEN_FILE": "bot", "PATH": "/bin"}
        settings = load(environ, cwd=home.path)
        export(settings, environ, cwd=home.path)
        assert load(environ, cwd=tmp_path_factory.mktemp("elsewhere")) == settings.model_copy(
            update={"pagoda": settings.pagoda.model_copy(update={"token_file": None})}
        )
        assert environ["PATH"] == "/bin"

    def test_without_a_file_none_is_named(self, home):
        environ: dict[str, str] = {}
        export(home.load(), environ, cwd=home.path)
        content = {f"FANNEL_{name}__PATH" for name in ("CHECKS", "KINDS", "MIBS")} | {"FANNEL_SILENCES__FOLDER"}
        assert environ.keys() == {"FANNEL_DATABASE__URL", "FANNEL_PAGODA__CACHE_FILE"} | content

    def test_a_list_that_is_not_kept_is_not_kept_by_the_child(self, home, tmp_path_factory):
        environ = {"FANNEL_PAGODA__CACHE_FILE": ""}
        export(home.load(**environ), environ, cwd=home.path)
        assert load(environ, cwd=tmp_path_factory.mktemp("elsewhere")).pagoda.cache_file is None

    def test_a_token_file_is_not_left_beside_its_token(self, home):
        file = home.write(SECRET, "token")
        environ = {"PAGODA_TOKEN_FILE": str(file)}
        export(home.load(**environ), environ, cwd=home.path)
        assert "PAGODA_TOKEN_FILE" not in environ
        assert load(environ, cwd=home.path).pagoda.token.get_secret_value() == SECRET


class TestTheCommandLine:
    @pytest.mark.parametrize("command", [["db", "upgrade"], ["run"]])
    def test_a_mistake_ends_every_command_with_one_line_and_status_2(self, home, monkeypatch, capsys, command):
        home.write("[trap]\nprot = 162\n")
        monkeypatch.chdir(home.path)
        monkeypatch.setattr(sys, "argv", ["fannel", *command])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert ended.value.code == 2
        told = capsys.readouterr()
        assert told.err == "fannel: fannel.toml: trap.prot: no such key, did you mean port?\n"
        assert told.out == ""

    def test_the_installed_program_does_so_without_a_traceback(self, home):
        environ = {"PATH": os.environ["PATH"], "FANNEL_TRAP__PORT": "none"}
        program = [sys.executable, "-m", "fannel", "db", "upgrade"]
        ended = subprocess.run(program, cwd=home.path, env=environ, capture_output=True, text=True, check=False)
        assert ended.returncode == 2
        assert ended.stderr.startswith("fannel: FANNEL_TRAP__PORT = 'none': input should be a valid integer")
        assert len(ended.stderr.splitlines()) == 1
