"""Log lines: lean, limited, and never what fails or waits."""

import contextlib
import json
import os
import subprocess
import sys

import pytest
import structlog

from fannel.logs.lean import LONGEST_TRACEBACK, LONGEST_VALUE, lean
from fannel.logs.limit import LeftOut, LineLimit
from fannel.logs.lines import LimitedLines


def said(script, **options):
    """The JSON lines a process writes to a standard error that is no terminal."""
    program = f"from fannel import logs\nlogs.configure()\nlog = logs.Logger('fannel.test')\n{script}"
    ended = subprocess.run(
        [sys.executable, "-c", program], stderr=subprocess.PIPE, timeout=60, check=True, text=True, **options
    )
    return [json.loads(line) for line in ended.stderr.splitlines()]


class TestLean:
    def lean(self, value):
        return lean(None, "info", {"event": "x", "value": value})["value"]

    def test_octets_are_counted_and_not_shown(self):
        for octets in (b"\x30\x82public", bytearray(12), memoryview(b"123")):
            assert self.lean(octets) == f"<{len(octets)} octets>"

    def test_octets_are_found_within_containers(self):
        assert self.lean({"a": [b"public", (b"x",)]}) == {"a": ["<6 octets>", ["<1 octets>"]]}

    def test_a_long_text_is_cut_and_says_how_long_it_was(self):
        assert self.lean("x" * 10_000) == "x" * LONGEST_VALUE + "… (10000 characters)"

    def test_the_text_of_the_message_is_cut_as_well(self):
        assert len(lean(None, "info", {"event": "x" * 10_000})["event"]) < LONGEST_VALUE + 50

    @pytest.mark.parametrize(
        "value", [["x"] * 10_000, dict.fromkeys(range(10_000)), [[[["x"] * 99]]], {9: {9: {9: {}}}}]
    )
    def test_a_container_stays_small(self, value):
        assert len(json.dumps(self.lean(value))) < 1000

    def test_a_huge_number_is_measured(self):
        assert self.lean(10**5000) == "<an integer of 16610 bits>"

    def test_nothing_can_steer_a_terminal_or_break_a_line(self):
        assert self.lean("a\x1b[2J\nb\x9b\u202e") == "a\\x1b[2J\\nb\\x9b\\u202e"

    def test_other_scripts_stay_readable(self):
        assert self.lean("静観 é") == "静観 é"

    def test_a_traceback_keeps_its_lines_and_its_end(self):
        text = lean(None, "error", {"event": "x", "exception": "a\n" * 10_000 + "ValueError: the end"})["exception"]
        assert text.endswith("a\nValueError: the end")
        assert len(text) < LONGEST_TRACEBACK + 50

    def test_what_cannot_be_told_does_not_raise(self):
        class Broken:
            def __str__(self):
                raise RuntimeError("hunter2")

        assert self.lean(Broken()) == "<Broken: RuntimeError>"

    @pytest.mark.parametrize("value", [None, True, 7, -1.5, "plain", ["a", 1], {"k": None}])
    def test_what_is_short_is_left_alone(self, value):
        assert self.lean(value) == value


class TestTheLimit:
    def test_a_message_is_let_through_so_often_and_then_left_out(self):
        limit = LineLimit(lines=3, window_s=60)
        assert [limit.allows("a", "x", now) for now in range(5)] == [3, 2, 1, 0, 0]

    def test_another_message_has_a_count_of_its_own(self):
        limit = LineLimit(lines=1)
        limit.allows("a", "x", 0)
        assert (limit.allows("a", "y", 0), limit.allows("b", "x", 0), limit.allows("a", "x", 0)) == (1, 1, 0)

    def test_when_the_window_is_over_it_says_how_many_and_begins_anew(self):
        limit = LineLimit(lines=1, window_s=60)
        for now in (0, 1, 2, 59.9):
            assert limit.over(now) == []
            limit.allows("a", "x", now)
        assert limit.over(60) == [LeftOut("a", "x", 3)]
        assert limit.over(60) == []
        assert limit.allows("a", "x", 60) == 1

    def test_when_nothing_was_left_out_there_is_nothing_to_say(self):
        limit = LineLimit(lines=1, window_s=60)
        limit.allows("a", "x", 0)
        assert limit.over(60) == []

    def test_when_there_are_too_many_messages_the_oldest_make_room_and_nothing_goes_unsaid(self):
        limit = LineLimit(lines=1, most_messages=10)
        told = []
        for number in range(1000):
            for _ in range(3):
                told += limit.over(0.001 * number)
                limit.allows("a", str(number), 0.001 * number)
        assert len(limit._windows) <= 10
        told += limit.all()
        # A full table may cut a window short, so that a line more gets through; each is written or told of.
        assert sum(one.lines for one in told) >= 1900

    def test_when_the_process_ends_what_was_left_out_is_told_once(self):
        limit = LineLimit(lines=1)
        limit.allows("a", "x", 0)
        limit.allows("a", "x", 0)
        assert (limit.all(), limit.all()) == ([LeftOut("a", "x", 1)], [])


class TestLinesThatAreRendered:
    @pytest.fixture
    def clock(self):
        return [0.0]

    @pytest.fixture
    def rendered(self, clock):
        return LimitedLines(LineLimit(2, 60), structlog.processors.JSONRenderer(), clock=lambda: clock[0])

    def events(self, rendered, text, **values):
        return [json.loads(line) for line in rendered(None, "info", {"event": text, **values}).splitlines()]

    def test_the_last_one_says_that_more_are_left_out(self, rendered):
        self.events(rendered, "x")
        assert self.events(rendered, "x")[0]["more_like_this"] == "left out for up to 60 s"
        with pytest.raises(structlog.DropEvent):
            rendered(None, "info", {"event": "x"})

    def test_the_next_line_after_the_window_says_how_many(self, rendered, clock):
        for _ in range(5):
            with contextlib.suppress(structlog.DropEvent):
                rendered(None, "info", {"event": "x"})
        clock[0] = 61
        told, line = self.events(rendered, "y")
        assert (told["event"], told["like"], told["lines"]) == ("lines were left out", "x", 3)
        assert line["event"] == "y"

    def test_when_a_value_cannot_be_rendered_the_line_says_so(self):
        def broken(*_):
            raise TypeError("hunter2")

        line = json.loads(LimitedLines(LineLimit(), broken)(None, "info", {"event": "x"}))
        assert line == {"event": "a line that could not be written", "error": "TypeError", "of": "x"}


class TestAProcess:
    def test_lines_are_json_with_time_and_level(self):
        [line] = said("log.info('received', source='192.0.2.1', payload=b'public')")
        timestamp = line.pop("timestamp")
        assert line == {"event": "received", "level": "info", "source": "192.0.2.1", "payload": "<6 octets>"}
        assert timestamp.endswith("Z")

    def test_a_flood_of_one_message_costs_twenty_lines_and_one_that_counts(self):
        lines = said("for n in range(1000): log.warning('again', n=n)\nlog.error('another')")
        assert [line["event"] for line in lines] == ["again"] * 20 + ["another", "lines were left out"]
        assert lines[-1]["lines"] == 980

    def test_an_exception_is_one_line(self):
        [line] = said("try: 1/0\nexcept Exception: log.exception('broke')")
        assert "ZeroDivisionError" in line["exception"]

    def test_loggers_cost_nothing_until_something_is_said(self):
        program = "import sys; from fannel import logs; logs.Logger('x'); print('structlog' in sys.modules)"
        ended = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60, check=True, text=True)
        assert ended.stdout == "False\n"

    @pytest.mark.parametrize(
        "how", ["import os; os.close(2)", "import sys; sys.stderr.close()", "import sys; sys.stderr = None"]
    )
    def test_when_standard_error_is_gone_nothing_raises(self, how):
        program = f"from fannel import logs\nlogs.configure()\n{how}\nlogs.Logger('x').error('y')\nprint('went on')"
        ended = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60, check=True, text=True)
        assert ended.stdout == "went on\n"

    def test_when_nobody_reads_standard_error_the_process_goes_on_and_later_says_what_is_missing(self):
        script = (
            "import time, sys\nfrom fannel import logs\nlogs.configure()\nlog = logs.Logger('x')\n"
            "began = time.monotonic()\n"
            "for n in range(2000): log.info(f'message {n}', text='x' * 400)\n"
            "print(time.monotonic() - began, flush=True)\nsys.stdin.readline()\nlog.info('the last')\n"
        )
        with subprocess.Popen(
            [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            took_s = float(process.stdout.readline())
            os.set_blocking(process.stderr.fileno(), False)
            early = b""
            while chunk := process.stderr.read():
                early += chunk
            os.set_blocking(process.stderr.fileno(), True)
            process.stdin.write(b"\n")
            process.stdin.close()
            late = process.stderr.read()
        assert took_s < 10
        lines = [json.loads(line) for line in late.splitlines() if line]
        assert lines[0]["event"] == "standard error was not read: lines are missing"
        whole = sum(line.endswith(b"}") for line in early.splitlines())
        assert lines[0]["lines"] == 2000 - whole
        assert lines[1]["event"] == "the last"
