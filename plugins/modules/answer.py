# Copyright (c) The FANNEL authors. Apache License 2.0 (see LICENSE).
"""Documentation of the action fannel.network.answer; what it does is in plugins/action/answer.py."""

DOCUMENTATION = r"""
---
module: answer
short_description: Look at a device about an event, judge, and say what was found
version_added: "0.1.0"
description:
  - For a fault that began, opens the thread of its incident before anything is known. Then finds the check for its
    problem and the operating system of the host (the site first, then the shipped ones), runs it on the device, keeps
    the verdict, replies in the thread with reasons, evidence and outputs, and updates the first message.
  - For a fault that is said to be over, verifies that and resolves the incident, or says in the thread why not. If the
    device cannot be asked, its word counts.
  - For an event of kind C(look), says in the thread of the fault it is for what the check of another problem, or of the
    far end, found.
  - For an event of kind C(recheck), resolves what is over by now and leaves the rest as it is.
  - For what only informs and has no incident (a restart, failed logins), runs the check and says in a message of its
    own what it found; see O(say). Nothing where the check could not tell.
  - One login at a time for each device, whoever runs. While another run is logged in, this one waits
    (C(leases.wait_s) in the settings). Whoever is logged in answers for those that wait; they end without a login.
  - A device that cannot be reached, or refuses the login, gives the verdict C(inconclusive) with the reason.
options:
  say:
    description:
      - When people are told of an event without an incident. V(first) tells them what happened before anybody looks,
        and then what a look found. V(confirmed) tells them only what a check confirmed, once an hour.
    type: str
    choices: [first, confirmed]
    default: first
notes:
  - The device is reached through its own C(ansible_connection), which must be C(ansible.netcommon.network_cli), with
    all options of that plugin. The task itself needs C(ansible_connection=ansible.builtin.local), see the example; it
    then starts no process for a connection that it may not need.
  - Passwords are taken out of everything it keeps, says and returns.
author: The FANNEL authors
extends_documentation_fragment:
  - fannel.network.step
  - fannel.network.step.incident
"""

EXAMPLES = r"""
- name: Say it, look at the device, judge, say what was found
  fannel.network.answer:
    event: "{{ ansible_eda.event }}"
  vars:
    ansible_connection: ansible.builtin.local
"""

RETURN = r"""
answered:
  description: Whether there is a verdict. Not when the fault was over, or answered before.
  returned: success
  type: bool
event:
  description:
    - The verdict as an event (C(via) is C(check)); an event of kind C(nothing) where there is none. Hand it to
      M(ansible.builtin.set_stats), so that C(post_events) of a rule, and the artifacts of an AWX job, have it.
  returned: success
  type: dict
"""
