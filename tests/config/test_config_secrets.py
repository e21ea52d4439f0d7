"""Secrets come from files and variables, and never show."""

from __future__ import annotations

import json

import pytest

from fannel.config import ConfigError

SECRET = "xoxb-do-not-show-me"


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
