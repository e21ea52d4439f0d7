"""The engine's memory on disk: what a restart keeps, and what a damaged, foreign or missing file comes to."""

from __future__ import annotations

import json

import pytest

from fannel.intake.engine_file import EngineFile, EngineFileError
from fannel.wire.engine import LAST_BOOTS, EngineClock, LocalEngine

CLOCK = EngineClock(bytes.fromhex("80001f8804aabbcc"), boots=3, time=86_400, heard_at=1_700_000_000.5)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "var" / "engine.json"


def opened(path) -> EngineFile:
    """One start and stop."""
    engine = EngineFile.open(path)
    engine.close()
    return engine


def test_the_first_start_makes_an_engine_of_its_own_that_later_ones_go_on_with(path):
    first, second = opened(path), opened(path)
    assert (first.boots, second.boots) == (1, 2)
    assert first.engine_id == second.engine_id
    assert first.engine_id.hex().startswith("8000000005"), "RFC 3411 §5: no enterprise's, octets of our choice"
    LocalEngine(first.engine_id, first.boots, 0.0)


def test_no_two_engines_are_alike(path, tmp_path):
    assert opened(path).engine_id != opened(tmp_path / "other.json").engine_id


def test_boots_are_on_disk_before_anything_is_received(path):
    engine = EngineFile.open(path)
    assert json.loads(path.read_text())["boots"] == engine.boots == 1
    engine.close()


def test_what_was_saved_is_there_after_a_restart_and_readable_by_its_owner_alone(path):
    engine = EngineFile.open(path)
    engine.save([CLOCK])
    engine.close()
    assert opened(path).clocks == (CLOCK,)
    assert opened(path).clocks == (CLOCK,), "a start that hears nothing forgets nothing"
    assert path.stat().st_mode & 0o777 == 0o600
    assert {file.name for file in path.parent.iterdir()} == {"engine.json", ".engine.json.lock"}


def test_two_receivers_do_not_count_in_one_file(path):
    engine = EngineFile.open(path)
    with pytest.raises(EngineFileError, match=r"engine\.json: another receiver counts its boots here"):
        EngineFile.open(path)
    engine.close()
    assert opened(path).boots == 2


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "fannel.engine/2"},
        {"engine_id": "80001f8804aabbcc"},
        {"engine_id": 5},
        {"boots": -1},
        {"boots": "7"},
        {"boots": True},
        {"engines": [{"engine_id": "zz", "boots": 1, "time": 1, "heard_at": 1.0}]},
        {"engines": [{"engine_id": "80001f8804", "boots": 1, "time": 2**40, "heard_at": 1.0}]},
        {"engines": 5},
    ],
    ids=str,
)
def test_a_damaged_file_is_moved_aside_and_a_new_engine_begins(path, change):
    before = opened(path)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    after = opened(path)
    assert after.engine_id != before.engine_id
    assert (after.boots, after.clocks) == (1, ())
    assert path.with_name("engine.json.damaged").exists()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000])
def test_so_is_a_file_that_is_none_of_ours(path, content):
    before = opened(path)
    path.write_bytes(content)
    assert opened(path).engine_id != before.engine_id


def test_an_engine_that_counted_to_the_end_is_followed_by_another(path):
    before = opened(path)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"boots": LAST_BOOTS - 1}))
    after = opened(path)
    assert (after.engine_id != before.engine_id, after.boots) == (True, 1)


def test_a_file_that_cannot_be_written_is_named(path):
    path.parent.write_text("a file where the folder should be")
    with pytest.raises(EngineFileError, match=r"engine\.json: .*: trap\.engine_file has to be writable"):
        EngineFile.open(path)
