# Copyright (c) The FANNEL authors. Apache License 2.0 (see LICENSE).
"""Documentation of the action fannel.network.note; what it does is in plugins/action/note.py."""

DOCUMENTATION = r"""
---
module: note
short_description: Say what nobody logs in for
version_added: "0.1.0"
description:
  - An event with an incident (a fault on a device nobody can look at) gets its thread; every other event one message.
author: The FANNEL authors
options:
  times:
    description:
      - How many there were at least within O(within_minutes), where the rule counted them before it had this one said
        (C(throttle) with C(accumulate_within)). The message says so.
    type: int
  within_minutes:
    description: Within how many minutes the rule counted.
    type: int
extends_documentation_fragment:
  - fannel.network.step
  - fannel.network.step.incident
"""

EXAMPLES = r"""
- name: Say it
  fannel.network.note:
    event: "{{ ansible_eda.event }}"

- name: Say the fifth within an hour
  fannel.network.note:
    event: "{{ ansible_eda.event }}"
    times: 5
    within_minutes: 60
"""

RETURN = r"""
"""
