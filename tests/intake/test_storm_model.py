"""Anything may happen in any order: what hypothesis finds must hold to the promises after every single step.

The model is as simple as the promises: who was offered what, and what came out. Bounds are tiny, so that every bound
is met all the time.
"""

from __future__ import annotations

from collections import defaultdict

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from storms import said, seconds

from fannel.intake.source_limit import SourceLimit
from fannel.intake.storm import RulesBehind, Storm, StormPolicy

HOSTS = st.sampled_from(["rt1", "rt2", "rt3", "rt4"])
SUBJECTS = st.sampled_from(["Gi1", "Gi2", "Gi3"])
PHASES = st.sampled_from(["raise", "clear", "info"])
SEVERITIES = st.sampled_from(["critical", "warning"])
KINDS = st.sampled_from(["kind a", "kind b"])
WINDOW_S = 10.0


class AnyStorm(RuleBasedStateMachine):
    policy: StormPolicy

    def __init__(self):
        super().__init__()
        self.storm = Storm(self.policy)
        self.now = 0.0
        self.offered = 0
        # By fingerprint: the phase offered last, the phase told last, the id told last.
        self.last_offered = {}
        self.last_told = {}
        self.last_id = defaultdict(str)
        self.came_out = 0

    # --- what may happen --------------------------------------------------------------------------------------

    @rule(
        host=HOSTS,
        subject=SUBJECTS,
        phase=PHASES,
        severity=SEVERITIES,
        kind=KINDS,
        repeats=st.integers(1, 3),
        times=st.integers(1, 6),
    )
    def an_event_is_offered(self, host, subject, phase, severity, kind, repeats, times):
        for _ in range(times):
            event = said(phase, subject, host=host, problem="link", severity=severity, kind=kind, repeats=repeats)
            self.offer(event)

    @rule(host=HOSTS, subject=SUBJECTS, phases=st.lists(st.sampled_from(["raise", "clear"]), min_size=2, max_size=8))
    def a_state_flaps(self, host, subject, phases):
        for phase in phases:
            self.offer(said(phase, subject, host=host, problem="link"))

    @rule(s=st.sampled_from([0.01, 0.4, 1.0, 3.0, 9.99, 10.0, 35.0, 700.0]))
    def time_passes(self, s):
        self.now += s

    @rule()
    def the_clock_is_set_back_an_hour(self):
        self.now -= 3600

    @rule(most=st.integers(1, 5))
    def the_rules_take_some(self, most):
        taken = self.storm.take(most, seconds(self.now))
        assert len(taken) <= most
        self.came(taken)

    @rule()
    def what_is_to_be_said_of_sources_is_recorded_and_offered(self):
        for notice in self.storm.notices(seconds(self.now)):
            self.offer(notice)

    # --- what must hold ---------------------------------------------------------------------------------------

    @invariant()
    def the_sums_add_up(self):
        tally = self.storm.audit()
        assert tally.adds_up, tally
        assert tally == self.storm.tally()
        assert tally.offered == self.offered
        assert tally.passed + tally.coalesced == self.came_out

    @invariant()
    def memory_is_bounded(self):
        policy, limit = self.policy, self.policy.source_limit
        assert self.storm._queue.events <= policy.most_queued + 2
        if self.storm._coalescer:
            assert len(self.storm._coalescer) <= policy.most_windows
        if limit:
            assert len(self.storm._limits) <= limit.most_sources
            assert self.storm._limits.held <= limit.most_held
            assert len(self.storm._limits._notices) <= limit.most_sources

    def teardown(self):
        """When everything has calmed down, the rules know the last state of every fingerprint, and nothing waits."""
        for _ in range(400):
            self.came(self.storm.take(3, seconds(self.now)))
            wait_s = self.storm.due_in_s(seconds(self.now))
            if wait_s is None:
                break
            assert wait_s <= 60, "nothing may be held for longer than a window or a calm"
            self.now += wait_s + 0.001  # a clock reads in whole microseconds
        assert self.storm.audit().held == 0
        assert self.last_told == self.last_offered

    # --- how ----------------------------------------------------------------------------------------------------

    def offer(self, event):
        for _ in range(1000):
            try:
                self.storm.offer(event, seconds(self.now))
                break
            except RulesBehind:
                self.came(self.storm.take(1, seconds(self.now)))
        self.offered += event.repeats
        if event.phase != "info":
            self.last_offered[event.fingerprint] = event.phase

    def came(self, taken):
        for event in taken:
            self.came_out += event.repeats
            if event.problem != "source_storm":  # its ids are ULIDs, made in one moment
                assert event.id > self.last_id[event.fingerprint], "a fingerprint's events changed places"
                self.last_id[event.fingerprint] = event.id
            if event.phase != "info":
                self.last_told[event.fingerprint] = event.phase


class TightStorm(AnyStorm):
    policy = StormPolicy(
        window_s=WINDOW_S,
        most_windows=4,
        most_queued=4,
        source_limit=SourceLimit(
            rate=0.5,
            burst=2,
            overtaking_rate=1,
            overtaking_burst=2,
            calm_s=30,
            most_sources=3,
            most_held=3,
            most_said=2,
        ),
    )


class RoomyQueue(AnyStorm):
    """The limits alone: nothing is folded in the queue."""

    policy = StormPolicy(
        window_s=WINDOW_S,
        source_limit=SourceLimit(rate=1, burst=3, overtaking_rate=1, overtaking_burst=2, calm_s=20, most_held=4),
    )


class UncoalescedStorm(AnyStorm):
    policy = StormPolicy(window_s=0, most_queued=3, source_limit=None)


class UnlimitedStorm(AnyStorm):
    """Coalescing alone, with room for all: then every first event and every change is there at once."""

    policy = StormPolicy(window_s=WINDOW_S, source_limit=None)

    def __init__(self):
        super().__init__()
        self.known = {}

    @precondition(lambda self: self.storm.due_in_s(seconds(self.now)) != 0)
    @rule(host=HOSTS, subject=SUBJECTS, phase=st.sampled_from(["raise", "clear"]))
    def a_change_is_there_at_once(self, host, subject, phase):
        event = said(phase, subject, host=host, problem="link")
        if self.last_offered.get(event.fingerprint) == phase:
            return
        self.offer(event)
        taken = self.storm.take(100, seconds(self.now))
        assert taken[-1] == event
        assert {other.fingerprint for other in taken} == {event.fingerprint}
        self.came(taken)


STEPS = settings(max_examples=60, stateful_step_count=40, deadline=None)


class TestTightStorm(TightStorm.TestCase):
    settings = STEPS


class TestRoomyQueue(RoomyQueue.TestCase):
    settings = STEPS


class TestUncoalescedStorm(UncoalescedStorm.TestCase):
    settings = STEPS


class TestUnlimitedStorm(UnlimitedStorm.TestCase):
    settings = STEPS
