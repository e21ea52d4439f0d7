"""Settings reach other processes and every command: paths, what is exported, how a mistake ends."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fannel.cli import app as cli
from fannel.config import export, load

SECRET = "xoxb-do-not-show-me"


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
