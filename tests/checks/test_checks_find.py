import pytest

from fannel import collection
from fannel.checks.errors import CheckError, NoCheckError
from fannel.checks.find import Checks


def add(folder, problem, os, text):
    file = folder / problem / f"{os}.yml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


MINIMAL = "commands:\n  a: {run: show a}\nverdict:\n  - {outcome: confirmed, reason: mine}\n"


def test_a_check_of_the_sites_own_should_come_before_the_shipped_one(tmp_path):
    checks = Checks.beside(tmp_path)
    assert checks.find("interface_down", "ios").file == collection.root() / "checks/interface_down/ios.yml"
    own = add(tmp_path, "interface_down", "ios", MINIMAL)
    assert checks.find("interface_down", "ios").file == own
    assert checks.find("interface_down", "eos").file == collection.root() / "checks/interface_down/eos.yml"


def test_a_broken_check_of_the_sites_own_should_not_fall_back_silently(tmp_path):
    add(tmp_path, "interface_down", "ios", "nonsense: 1\n")
    with pytest.raises(CheckError):
        Checks.beside(tmp_path).find("interface_down", "ios")


@pytest.mark.parametrize(("problem", "os"), [("interface_down", "plan9"), ("no_such_problem", "ios"), ("link", None)])
def test_a_missing_check_should_be_typed_and_named(tmp_path, problem, os):
    with pytest.raises(NoCheckError, match=f"no check for {problem} on {os or 'an unknown operating system'}"):
        Checks.beside(tmp_path).find(problem, os)


@pytest.mark.parametrize("word", ["../outside", "/etc/passwd", "..", "a/b", "ios\n", "ios\x00", "IOS", "ıos", "a" * 99])
def test_words_from_an_event_should_not_walk_the_disk(tmp_path, word):
    add(tmp_path / "checks", "interface_down", "ios", MINIMAL)
    add(tmp_path, "outside", "ios", MINIMAL)
    checks = Checks((tmp_path / "checks",))
    with pytest.raises(NoCheckError):
        checks.find(word, "ios")
    with pytest.raises(NoCheckError):
        checks.find("interface_down", word)


def test_files_should_list_each_check_once(tmp_path):
    own = add(tmp_path, "interface_down", "ios", MINIMAL)
    files = Checks.beside(tmp_path).files()
    assert own in files
    assert len([file for file in files if file.parts[-2:] == ("interface_down", "ios.yml")]) == 1
    assert len(files) >= 6


def test_the_collections_root_should_hold_what_the_wheel_ships():
    assert (collection.root() / "galaxy.yml").is_file()
    assert (collection.root() / "plugins").is_dir()
