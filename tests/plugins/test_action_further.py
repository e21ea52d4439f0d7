"""What a rule says to `fannel.network.further` (extra_vars of playbooks/further.yml), and what comes of it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible.errors import AnsibleActionFail
from ansible_collections.fannel.network.plugins.action.further import ActionModule
from events import event
from jsonschema import validate

from fannel.event import schema

VERDICT = event().to_queue() | {"incident": {"id": "A-000001", "state": "open"}}


class Responder:
    def __init__(self):
        self.again = []

    def look_again(self, _event, after_s):
        self.again.append(after_s)
        return True


def step(**options):
    responder = Responder()
    action = ActionModule(SimpleNamespace(args={"event": VERDICT, **options}), None, None, None, None, None)
    done = action.step(VERDICT, responder, SimpleNamespace(slack=SimpleNamespace(escalate_to=None)), {})
    return done, responder


def test_a_look_that_may_be_at_most_so_far_from_the_fault_says_how_far():
    """Values of extra_vars come as text where a template made them."""
    done, _ = step(look_at="config_changed", within_minutes="30")
    validate(done["event"], schema())
    assert (done["event"]["kind"], done["event"]["look"]) == ("look", {"within_s": 1800})


def test_without_that_it_may_be_any_time_ago():
    done, _ = step(look_at="config_changed")
    assert "look" not in done["event"]


def test_nothing_asked_for_is_nothing():
    done, _ = step()
    assert (done["changed"], done["event"]) == (False, {"kind": "nothing"})


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"look_at": "config_changed", "within_minutes": "soon"}, "within_minutes: minutes up to 10080 are needed"),
        ({"look_at": "config_changed", "within_minutes": 0}, "within_minutes: minutes up to 10080 are needed"),
        ({"again_after_s": -1}, "again_after_s: seconds up to 86400 are needed"),
        ({"look_at": "config_changed", "where": "elsewhere"}, "'elsewhere' is not same_device or far_end"),
    ],
)
def test_a_wrong_option_fails_and_says_what_would_do(options, says):
    with pytest.raises(AnsibleActionFail, match=says):
        step(**options)


def test_a_look_again_is_asked_for_in_seconds():
    done, responder = step(again_after_s="300")
    assert (done["changed"], responder.again) == (True, [300.0])
