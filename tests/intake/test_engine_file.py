"""The engine's memory on disk: what a restart keeps, and what a damaged, foreign or missing file comes to."""

from __future__ import annotations

import json

import pytest

from fannel.intake.engine_file import EngineFile, EngineFileError, read_engine_id
from fannel.wire.engine import LAST_BOOTS, LocalEngine


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


def test_it_is_readable_by_its_owner_alone(path):
    opened(path)
    assert {file.name for file in path.parent.iterdir()} == {"engine.json", ".engine.json.lock"}
    assert {file.stat().st_mode & 0o777 for file in path.parent.iterdir()} == {0o600}


def test_the_engine_id_is_read_beside_a_receiver_that_has_the_file(path):
    assert read_engine_id(path) is None, "no receiver was here yet"
    engine = EngineFile.open(path)
    assert read_engine_id(path) == engine.engine_id
    engine.close()
    path.write_text("{")
    assert read_engine_id(path) is None
    assert path.read_text() == "{", "a reader moves nothing aside"


def test_a_file_that_holds_the_clocks_of_senders_too_is_the_same_engine(path):
    """As it did before the observer kept them in a file of its own."""
    before = opened(path)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"engines": []}))
    after = opened(path)
    assert (after.engine_id, after.boots) == (before.engine_id, 2)


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
    ],
    ids=str,
)
def test_a_damaged_file_is_moved_aside_and_a_new_engine_begins(path, change):
    before = opened(path)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    after = opened(path)
    assert after.engine_id != before.engine_id
    assert after.boots == 1
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
