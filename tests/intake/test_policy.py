"""From the settings to what storms, quiet devices and the spool are judged by."""

from ipaddress import ip_network

from fannel.config import Quiet, Settings, Spool, Storm
from fannel.intake.policy import quiet_policy, spool_bounds, storm_policy
from fannel.intake.quiet import Expectation, QuietPolicy
from fannel.intake.spool.protocol import Bounds
from fannel.intake.storm import StormPolicy


def test_the_defaults_of_the_settings_are_those_of_the_policies():
    settings = Settings()
    assert storm_policy(settings.storm) == StormPolicy()
    assert quiet_policy(settings.quiet) == QuietPolicy()
    assert spool_bounds(settings.spool) == Bounds()


def test_a_storm_is_judged_by_what_was_set():
    policy = storm_policy(Storm(window_s=3, source_rate=7, source_burst=9))
    assert policy.window_s == 3
    assert (policy.source_limit.rate, policy.source_limit.burst) == (7, 9)


def test_zero_turns_a_part_off():
    policy = storm_policy(Storm(window_s=0, source_rate=0))
    assert (policy.window_s, policy.source_limit) == (0, None)


def test_what_is_expected_keeps_the_order_in_which_it_was_written():
    quiet = Quiet(expect=[{"network": "192.0.2.1", "every_s": 60}, {"network": "2001:db8::/32", "every_s": 900}])
    assert quiet_policy(quiet).expectations == (
        Expectation(ip_network("192.0.2.1/32"), 60),
        Expectation(ip_network("2001:db8::/32"), 900),
    )


def test_a_spool_is_bounded_by_what_was_set():
    assert spool_bounds(Spool(octets=2**24, age_s=3600)) == Bounds(octets=2**24, age_s=3600)
