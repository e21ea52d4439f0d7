# Copyright (c) The FANNEL authors. Apache License 2.0 (see LICENSE).
"""Documentation of the action fannel.network.recheck; what it does is in plugins/action/recheck.py."""

DOCUMENTATION = r"""
---
module: recheck
short_description: Look again at a fault that nobody cleared
version_added: "0.1.0"
description:
  - Without O(check), says whether the look that an event of kind C(recheck) asks for is still wanted.
  - With O(check), draws the conclusion. C(cleared) resolves the incident, updates its first message and says in its
    thread that a re-check found it. C(confirmed) and C(expected) keep the incident open without a new post.
    C(inconclusive) changes nothing.
author: The FANNEL authors
options:
  check:
    description:
      - What M(fannel.network.check) registered. One that failed or was unreachable counts as C(inconclusive).
    type: dict
extends_documentation_fragment:
  - fannel.network.step
  - fannel.network.step.incident
"""

EXAMPLES = r"""
- name: Ask whether it is still unknown
  fannel.network.recheck:
    event: "{{ ansible_eda.event }}"
  register: fannel_recheck

- name: Look at the device and judge
  fannel.network.check:
    event: "{{ ansible_eda.event }}"
  register: fannel_check
  when: fannel_recheck.wanted

- name: Resolve the incident, or leave it open
  fannel.network.recheck:
    event: "{{ ansible_eda.event }}"
    check: "{{ fannel_check }}"
  when: fannel_recheck.wanted
"""

RETURN = r"""
wanted:
  description: Whether the incident is open and nobody has answered this event; only without O(check).
  returned: success
  type: bool
event:
  description: The verdict as an event (C(via) is C(check)), for M(ansible.builtin.set_stats); only with O(check).
  returned: success
  type: dict
"""
