"""The devices' clocks on disk: what a restart of the observer keeps, and what a damaged or missing file comes to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fannel.intake import clocks_file
from fannel.intake.clocks_file import ClocksFile
from fannel.intake.engine_file import EngineFile, EngineFileError
from fannel.wire.engine import EngineClock

CLOCK = EngineClock(bytes.fromhex("80001f8804aabbcc"), boots=3, time=86_400, heard_at=1_700_000_000.5)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "var" / "engine-clocks.json"


def opened(path) -> ClocksFile:
    """One start and stop."""
    clocks = ClocksFile.open(path)
    clocks.close()
    return clocks


def test_what_was_saved_is_there_after_a_restart_and_readable_by_its_owner_alone(path):
    clocks = ClocksFile.open(path)
    clocks.save([CLOCK])
    clocks.close()
    assert opened(path).clocks == (CLOCK,)
    assert opened(path).clocks == (CLOCK,), "a start that hears nothing forgets nothing"
    assert {file.name for file in path.parent.iterdir()} == {"engine-clocks.json", ".engine-clocks.json.lock"}
    assert {file.stat().st_mode & 0o777 for file in path.parent.iterdir()} == {0o600}


def test_it_stands_beside_the_engine_file_and_leaves_that_to_the_receiver(tmp_path):
    engine = EngineFile.open(tmp_path / "engine.json")
    path = clocks_file.beside(tmp_path / "engine.json")
    assert path == tmp_path / "engine-clocks.json"
    opened(path)
    engine.close()


def test_two_observers_do_not_keep_their_clocks_in_one_file(path):
    clocks = ClocksFile.open(path)
    with pytest.raises(EngineFileError, match=r"engine-clocks\.json: another observer keeps its clocks here"):
        ClocksFile.open(path)
    clocks.close()
    opened(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"schema": "fannel.engine/1", "engines": []}',
        b'{"schema": "fannel.engine-clocks/1"}',
        b'{"schema": "fannel.engine-clocks/1", "engines": 5}',
        *(
            json.dumps({"schema": "fannel.engine-clocks/1", "engines": [entry]}).encode()
            for entry in (
                {"engine_id": "zz", "boots": 1, "time": 1, "heard_at": 1.0},
                {"engine_id": "80001f8804", "boots": 1, "time": 2**40, "heard_at": 1.0},
                {"engine_id": "80001f8804", "boots": True, "time": 1, "heard_at": 1.0},
                {"engine_id": "80001f8804", "boots": 1, "time": 1, "heard_at": float("inf")},
                {"engine_id": "80001f8804", "boots": 1, "time": 1, "heard_at": 10**400},
            )
        ),
    ],
    ids=lambda content: content[:90].decode("latin-1"),
)
def test_a_damaged_file_is_moved_aside(path, content):
    path.parent.mkdir()
    path.write_bytes(content)
    assert opened(path).clocks == ()
    assert path.with_name("engine-clocks.json.damaged").read_bytes() == content


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "var").write_text("a file where the folder should be")
    with pytest.raises(EngineFileError, match=r"engine-clocks\.json: .*: the folder of trap\.engine_file"):
        ClocksFile.open(Path(tmp_path / "var" / "engine-clocks.json"))
