# Copyright (c) The FANNEL authors. Apache License 2.0 (see LICENSE).
"""Documentation of the action fannel.network.recover; what it does is in plugins/action/recover.py."""

DOCUMENTATION = r"""
---
module: recover
short_description: Resolve an incident whose end was announced
version_added: "0.1.0"
description:
  - Resolves the incident when the check agrees that the fault is over, updates the first message and replies to the
    thread and the channel. When the check could not tell, the word of the device counts. When the fault is still
    there or was raised again meanwhile, the incident stays open and the thread says why.
author: The FANNEL authors
extends_documentation_fragment:
  - fannel.network.step
  - fannel.network.step.incident
  - fannel.network.step.verdict
"""

EXAMPLES = r"""
- name: Resolve the incident, or say why not
  fannel.network.recover:
    event: "{{ ansible_eda.event }}"
    check: "{{ fannel_check }}"
"""

RETURN = r"""
event:
  description: The verdict as an event (C(via) is C(check)), for M(ansible.builtin.set_stats).
  returned: success
  type: dict
"""
