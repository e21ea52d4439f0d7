"""Users and engines of SNMPv3: written where it is safe, and every mistake in them named."""

from __future__ import annotations

import pytest

SECRET = "xoxb-do-not-show-me"


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
