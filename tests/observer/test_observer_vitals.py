"""The observer's vitals, by the clock: nothing is well before it is proven, and what stands still is named."""

import pytest

from fannel.directory.host_directory import HostDirectory
from fannel.intake.storm import Storm, StormPolicy
from fannel.observer.custody import Custody
from fannel.observer.vitals import BLOCKED_AFTER_S, CANARIES_MISSED, Vitals


class Observed:
    def __init__(self, canary_every_s=10):
        self.now = 1000.0
        self.custody = Custody(Storm(StormPolicy()), clock=lambda: self.now)
        self.trouble = {}
        self.vitals = Vitals(
            self.custody,
            HostDirectory(None),
            self.trouble,
            canary_every_s=canary_every_s,
            clock=lambda: self.now,
        )

    def wrong(self):
        return {vital.name: vital.detail for vital in self.vitals.ready() if not vital.ok}

    def canary_came(self, *, confirmed=True):
        self.custody.canary_came_at = self.now
        if confirmed:
            self.custody.canary_confirmed_at = self.now


@pytest.fixture
def observed():
    return Observed()


def test_before_the_first_canary_it_is_not_well(observed):
    assert observed.wrong().keys() == {"receiver", "canary"}


def test_when_one_came_all_the_way_it_is_well_for_as_long_as_some_may_be_missed(observed):
    observed.canary_came()
    observed.now += CANARIES_MISSED * 10
    assert observed.wrong() == {}
    observed.now += 1
    assert observed.wrong().keys() == {"receiver", "canary"}


def test_when_the_rules_take_none_only_the_canary_is_missing(observed):
    observed.canary_came(confirmed=False)
    assert observed.wrong().keys() == {"canary"}


def test_without_canaries_nobody_waits_for_them():
    assert Observed(canary_every_s=0).wrong() == {}


def test_what_is_away_is_named_with_its_reason(observed):
    observed.canary_came()
    observed.trouble["store"] = "database is locked"
    assert observed.wrong() == {"store": "database is locked"}


def test_when_the_rules_take_no_event_for_long_it_says_what_helps(observed):
    observed.canary_came()
    observed.custody._sent["an event"] = observed.now
    observed.now += BLOCKED_AFTER_S + 1
    observed.canary_came()
    assert "--max-concurrent-actions" in observed.wrong()["rule queue"]
