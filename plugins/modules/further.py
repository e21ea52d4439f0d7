# Copyright (c) The FANNEL authors. Apache License 2.0 (see LICENSE).
"""Documentation of the action fannel.network.further; what it does is in plugins/action/further.py."""

DOCUMENTATION = r"""
---
module: further
short_description: Go on from a verdict
version_added: "0.1.0"
description:
  - What a check found may ask for more, a look at something else, another look later, the attention of somebody else.
  - A look is asked for as an event of kind C(look) about the device to look at, which C(post_events) of the rule hands
    to the rules; C(fannel.network.look) answers it, in the thread of the fault.
author: The FANNEL authors
options:
  look_at:
    description: The problem whose check is to be run, for example C(config_changed).
    type: str
  where:
    description:
      - Whether that is on the same device, or at the other end of the interface as pagoda has it.
      - Where pagoda names no other end, nothing is asked for.
    type: str
    choices: [same_device, far_end]
    default: same_device
  within_minutes:
    description:
      - What the look finds is said only if it happened within so many minutes of the beginning of the fault, by the
        fact C(age_s) of the check. Where the check does not know how old it is, it is said.
    type: float
  again_after_s:
    description: After how many seconds the fault itself is looked at once more.
    type: float
  escalate:
    description: Whether it is said in C(slack.escalate_to) as well, once for each time the fault began.
    type: bool
    default: false
extends_documentation_fragment:
  - fannel.network.step
  - fannel.network.step.incident
"""

EXAMPLES = r"""
- name: Ask who changed the configuration
  fannel.network.further:
    event: "{{ ansible_eda.event }}"
    look_at: config_changed
    within_minutes: 30
"""

RETURN = r"""
event:
  description:
    - The event that asks for a look; one of kind C(nothing) where none is asked for. Hand it to
      M(ansible.builtin.set_stats), so that C(post_events) of the rule has it.
  returned: success
  type: dict
"""
