"""Vitals: a loop that goes round is alive, one that does not is named, and a look that breaks is itself a finding."""

from fannel.intake.vital import Heartbeat, Vital, look


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


class TestAHeartbeat:
    def test_when_its_loop_goes_round_it_is_well(self):
        clock = Clock()
        heartbeat = Heartbeat("drain", 10, clock)
        clock.now += 9
        heartbeat.beat()
        clock.now += 9
        assert heartbeat.vital() == Vital("drain", ok=True, detail="went round 9.0 s ago")

    def test_when_its_loop_is_stuck_it_says_for_how_long_and_what_helps(self):
        clock = Clock()
        heartbeat = Heartbeat("drain", 10, clock)
        clock.now += 10
        detail = "did not go round for 10 s (10 s are in order): restart the process"
        assert heartbeat.vital() == Vital("drain", ok=False, detail=detail)

    def test_when_its_loop_goes_on_it_is_well_again(self):
        clock = Clock()
        heartbeat = Heartbeat("drain", 10, clock)
        clock.now += 100
        heartbeat.beat()
        assert heartbeat.vital().ok


class TestALook:
    def test_when_it_breaks_it_is_a_vital_that_is_wrong_and_quotes_nothing(self):
        def judge():
            raise ValueError("password hunter2")

        [vital] = look("readiness", judge)
        assert (vital.name, vital.ok) == ("readiness", False)
        assert "ValueError" in vital.detail
        assert "hunter2" not in vital.detail

    def test_when_there_is_nothing_to_judge_by_it_is_not_well(self):
        assert [vital.ok for vital in look("readiness", list)] == [False]

    def test_what_was_judged_is_passed_on(self):
        well = [Vital("spool", ok=True, detail="0 wait")]
        assert look("readiness", lambda: well) == well
