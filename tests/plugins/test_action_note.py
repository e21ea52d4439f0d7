"""What a rule says to `fannel.network.note` (extra_vars of playbooks/note.yml), and what comes of it."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
from ansible.errors import AnsibleActionFail
from ansible_collections.fannel.network.plugins.action.note import ActionModule
from events import event

EVENT = replace(event(), kind="login_failed").to_queue()


def said(**options):
    """What the responder is told to say of the event."""
    told = []
    responder = SimpleNamespace(note=lambda happened, **more: told.append((happened, more)))
    action = ActionModule(SimpleNamespace(args={"event": EVENT, **options}), None, None, None, None, None)
    action.step(EVENT, responder, SimpleNamespace(), {})
    ((happened, more),) = told
    assert happened == EVENT
    return more["often"]


def test_an_event_is_said_as_it_is():
    assert said() is None


def test_what_the_rule_counted_is_said_with_it():
    assert said(times="5", within_minutes=60) == (5, 60)
    assert said(times=5, within_minutes=0.5) == (5, 1)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"times": 5}, "times and within_minutes belong together"),
        ({"within_minutes": 5}, "times and within_minutes belong together"),
        ({"times": "often", "within_minutes": 60}, "times: times up to 10000 are needed, not 'often'"),
        ({"times": 5, "within_minutes": -1}, "within_minutes: minutes up to 10080 are needed, not -1"),
    ],
)
def test_a_wrong_option_fails_and_says_what_would_do(options, says):
    with pytest.raises(AnsibleActionFail, match=says):
        said(**options)
