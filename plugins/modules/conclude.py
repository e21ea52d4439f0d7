# Copyright (c) The FANNEL authors. Apache License 2.0 (see LICENSE).
"""Documentation of the action fannel.network.conclude; what it does is in plugins/action/conclude.py."""

DOCUMENTATION = r"""
---
module: conclude
short_description: Keep a verdict and say what was found
version_added: "0.1.0"
description:
  - Stores the verdict with the incident, replies in its thread with reasons, evidence and outputs, and updates the
    first message. A verdict C(cleared) resolves the incident.
author: The FANNEL authors
extends_documentation_fragment:
  - fannel.network.step
  - fannel.network.step.incident
  - fannel.network.step.verdict
"""

EXAMPLES = r"""
- name: Say what was found
  fannel.network.conclude:
    event: "{{ ansible_eda.event }}"
    check: "{{ fannel_check }}"
  register: concluded
"""

RETURN = r"""
event:
  description: The verdict as an event (C(via) is C(check)), for M(ansible.builtin.set_stats).
  returned: success
  type: dict
"""
