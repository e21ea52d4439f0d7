"""A file is whole at any moment, whatever happens while it is written."""

from __future__ import annotations

import stat

import pytest

from fannel import atomic


def test_the_new_content_is_there_and_only_its_owner_reads_it(tmp_path):
    path = tmp_path / "kept"
    path.write_bytes(b"old")
    with atomic.replacing(path) as file:
        file.write(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [left.name for left in tmp_path.iterdir()] == ["kept"]


def test_when_writing_fails_the_old_content_stays_and_nothing_is_left_behind(tmp_path):
    path = tmp_path / "kept"
    path.write_bytes(b"old")

    def fail_half_way():
        with atomic.replacing(path) as file:
            file.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    assert path.read_bytes() == b"old"
    assert [left.name for left in tmp_path.iterdir()] == ["kept"]


def test_without_the_folder_it_is_an_error_that_names_it(tmp_path):
    with pytest.raises(OSError, match="missing"), atomic.replacing(tmp_path / "missing" / "kept"):
        pass
