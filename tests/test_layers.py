"""The rules of the house (docs: DESIGN, "The house"), read from the import statements of every module under src/.

An import only points down the list of rooms, no two modules import each other in a circle, the library knows nothing of
Ansible, and a module stays small enough to be one idea. Imports under TYPE_CHECKING count: a circle hidden there is a
circle in the reader's head.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

SRC = Path(__file__).parents[1] / "src"

ROOMS = (
    "collection",
    "atomic",
    "host_name",
    "event",
    "config",
    "logs",
    "wire",
    "naming",
    "kinds",
    "intake",
    "normalise",
    "directory",
    "incidents",
    "tried",
    "windows",
    "checks",
    "login",
    "one_check",
    "slack",
    "looked",
    "posting",
    "person",
    "desk",
    "pipeline",
    "respond",
    "visit",
    "explanation",
    "observer",
    "listener",
    "source",
    "ops",
    "lab",
    "cli",
    "__main__",
)
"""Lowest first: a module imports from its own room and from the rooms before it."""

LONGEST_MODULE = 400
ANSIBLE = {"ansible", "ansible_collections", "ansible_rulebook", "ansible_runner"}
WIRE_MAY_IMPORT = {"fannel", "cryptography"}


@dataclass(frozen=True, slots=True)
class Import:
    """One imported name: `fannel.wire.ber.Reader`, or `fannel.wire.ber` where the module itself is imported."""

    target: str
    line: int


def imports_of(tree: ast.Module, package: str) -> Iterator[Import]:
    """Every import of a module, wherever in it, relative ones resolved against `package`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, node.lineno)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = package.split(".")
                start = parents[: len(parents) - node.level + 1]
                base = ".".join([*start, base] if base else start)
            for alias in node.names:
                yield Import(f"{base}.{alias.name}", node.lineno)


def module_name(path: Path, root: Path) -> str:
    parts = list(path.relative_to(root).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def read_imports(root: Path) -> dict[str, list[Import]]:
    """Module name → its imports, for every module under `root`."""
    found = {}
    for path in sorted(root.rglob("*.py")):
        name = module_name(path, root)
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        found[name] = list(imports_of(ast.parse(path.read_text(encoding="utf-8")), package))
    return found


def room_of(module: str) -> str | None:
    """The room a name of this package belongs to; None for the package itself."""
    parts = module.split(".")
    return parts[1] if parts[0] == "fannel" and len(parts) > 1 else None


def upward_imports(imports: dict[str, list[Import]]) -> list[str]:
    """Imports that point up the list of rooms, or into the lab from anywhere but the command line."""
    wrong = []
    for module, imported in imports.items():
        room = room_of(module)
        for entry in imported:
            other = room_of(entry.target)
            if other is None or other not in ROOMS or other == room:
                continue  # outside the package, a name of fannel/__init__.py, or at home
            if room is None or ROOMS.index(other) > ROOMS.index(room) or (other == "lab" and room != "cli"):
                wrong.append(f"{module}:{entry.line} imports {entry.target}")
    return wrong


def circle(imports: dict[str, list[Import]]) -> list[str]:
    """The modules of one import circle, or nothing."""
    graph: dict[str, set[str]] = {}
    for module, imported in imports.items():
        targets = {target for entry in imported if (target := defining_module(entry.target, imports))}
        graph[module] = targets - {module}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def defining_module(target: str, imports: dict[str, list[Import]]) -> str | None:
    """The module a name lives in: the name itself when it is a module, else what stands before its last dot."""
    return next((name for name in (target, target.rpartition(".")[0]) if name in imports), None)


def outside_imports(imports: dict[str, list[Import]], forbidden: set[str]) -> list[str]:
    return [
        f"{module}:{entry.line} imports {entry.target}"
        for module, imported in imports.items()
        for entry in imported
        if entry.target.split(".")[0] in forbidden
    ]


@pytest.fixture(scope="module")
def imports() -> dict[str, list[Import]]:
    return read_imports(SRC)


def test_every_module_has_its_room(imports):
    homeless = [name for name in imports if room_of(name) not in {None, *ROOMS}]
    assert homeless == [], "a new room needs its place in ROOMS, between what it uses and what uses it"


def test_imports_only_point_down_the_house(imports):
    assert upward_imports(imports) == []


def test_no_two_modules_import_each_other_in_a_circle(imports):
    assert circle(imports) == []


def test_the_library_does_not_import_ansible(imports):
    assert outside_imports(imports, ANSIBLE) == []


def test_wire_needs_nothing_but_the_standard_library(imports):
    allowed = WIRE_MAY_IMPORT | sys.stdlib_module_names
    foreign = [
        f"{module}:{entry.line} imports {entry.target}"
        for module, imported in imports.items()
        if room_of(module) == "wire"
        for entry in imported
        if entry.target.split(".")[0] not in allowed or room_of(entry.target) not in {None, "wire"}
    ]
    assert foreign == []


@pytest.mark.parametrize("path", sorted(SRC.rglob("*.py")), ids=lambda path: module_name(path, SRC))
def test_a_module_is_one_idea(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_MODULE


class TestTheRulesThemselves:
    """A rule that sees nothing would pass for ever: each is shown a house that breaks it."""

    @staticmethod
    def house(tmp_path: Path, **modules: str) -> dict[str, list[Import]]:
        for name, text in modules.items():
            path = tmp_path / "fannel" / f"{name.replace('__', '/')}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return read_imports(tmp_path)

    @pytest.mark.parametrize(
        "statement",
        [
            "from fannel.slack.layout import parent",
            "from fannel import slack",
            "import fannel.slack.layout",
            "from ..slack import layout",
            "def late():\n    from fannel.slack import layout",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from fannel.slack import layout",
        ],
    )
    def test_an_upward_import_is_seen_in_every_spelling(self, tmp_path, statement):
        assert len(upward_imports(self.house(tmp_path, wire__ber=statement))) == 1

    def test_the_lab_is_for_the_command_line_alone(self, tmp_path):
        house = self.house(tmp_path, ops__doctor="import fannel.lab.pagoda", cli__demo="import fannel.lab.pagoda")
        assert upward_imports(house) == ["fannel.ops.doctor:1 imports fannel.lab.pagoda"]

    def test_a_circle_is_seen_within_a_room(self, tmp_path):
        house = self.house(tmp_path, wire__ber="from fannel.wire import snmp", wire__snmp="from .ber import Reader")
        assert set(circle(house)) == {"fannel.wire.ber", "fannel.wire.snmp"}

    def test_ansible_is_seen(self, tmp_path):
        house = self.house(tmp_path, cli__run="from ansible_runner import run")
        assert outside_imports(house, ANSIBLE) == ["fannel.cli.run:1 imports ansible_runner.run"]
