# Copyright (c) The FANNEL authors. Apache License 2.0 (see LICENSE).
"""Documentation of the action fannel.network.announce; what it does is in plugins/action/announce.py."""

DOCUMENTATION = r"""
---
module: announce
short_description: Open the thread of an incident before anything is known
version_added: "0.1.0"
description:
  - Marks the incident as answered and wants its first Slack message, sent at once if Slack takes it and by the event
    source otherwise.
author: The FANNEL authors
extends_documentation_fragment:
  - fannel.network.step
  - fannel.network.step.incident
"""

EXAMPLES = r"""
- name: Say it before anything is known
  fannel.network.announce:
    event: "{{ ansible_eda.event }}"
  register: announced
"""

RETURN = r"""
wanted:
  description: Whether an answer is still wanted; false when this event was answered before.
  returned: success
  type: bool
"""
