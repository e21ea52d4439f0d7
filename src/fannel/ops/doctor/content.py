"""What engineers write: the rulebook and the checks. Better told now than at three at night."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import yaml
from jsonschema.exceptions import best_match

from fannel.checks.errors import CheckError
from fannel.checks.load import load
from fannel.kinds.compile import files_of
from fannel.kinds.document import KindsError
from fannel.kinds.site import catalogues
from fannel.naming.module import CatalogueError
from fannel.ops.doctor.finding import ok, wrong

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jsonschema.exceptions import ValidationError

    from fannel.checks.find import Checks
    from fannel.ops.doctor.finding import Finding

_OWN = "fannel.network."


def rulebook(file: Path, collection: Path) -> Finding:
    """Whether ansible-rulebook would load the rulebook, and whether all it names of this collection is there."""
    name = "rulebook"
    try:
        rulesets = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        return wrong(name, f"{file}: {error.strerror}", "install fannel again, or restore the file")
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        return wrong(name, f"{file}: {_one_line(error)}", "mend the YAML there")
    if (mistake := best_match(_validator().iter_errors(rulesets))) is not None:
        mistake = _innermost(mistake)
        place = "/".join(map(str, mistake.absolute_path)) or "the whole file"
        return wrong(name, f"{file}: {place}: {mistake.message:.200}", "mend it; ansible-rulebook would refuse it")
    if missing := [f"{_OWN}{path.stem}" for path in _named(rulesets, collection) if not path.exists()]:
        return wrong(name, f"{file} names what is not there: {', '.join(missing)}", "correct the name")
    rules = sum(len(ruleset["rules"]) for ruleset in rulesets)
    return ok(name, f"{file}: {rules} rules")


def checks(found: Checks) -> Finding:
    """Whether every check that may be needed can be used."""
    files = found.files()
    if not files:
        folders = ", ".join(map(str, found.folders))
        return wrong("checks", f"none in {folders}", "install fannel again, or set checks.path")
    mistakes = []
    for file in files:
        try:
            load(file)
        except CheckError as error:
            mistakes.append(str(error))
    if mistakes:
        more = f" (and {len(mistakes) - 1} more files)" if len(mistakes) > 1 else ""
        return wrong("checks", f"{mistakes[0]}{more}", "mend it; the incident would say inconclusive")
    problems = {file.parent.name for file in files}
    return ok("checks", f"{len(files)} for {', '.join(sorted(problems))}")


def kinds(folder: Path, mibs: Path) -> Finding:
    """Whether the site's own names and kinds can be used; FANNEL does not start with a mistake in them."""
    try:
        found = catalogues(folder, mibs)
    except (CatalogueError, KindsError) as error:
        return wrong("kinds", str(error), "mend it; FANNEL does not start with it")
    own = len(files_of([folder])) if folder.is_dir() else 0
    return ok("kinds", f"{len(found.kinds.compiled.kinds)}, {own} files of your own in {folder}")


def _validator() -> Any:  # noqa: ANN401  (jsonschema's validator classes have no common name)
    """A validator for ansible-rulebook's own schema, read as a file: the package itself is not imported."""
    spec = importlib.util.find_spec("ansible_rulebook")
    if spec is None or not spec.submodule_search_locations:
        return jsonschema.Draft202012Validator({"type": "array"})
    schema = Path(spec.submodule_search_locations[0]) / "schema" / "ruleset_schema.json"
    return jsonschema.Draft202012Validator(json.loads(schema.read_text(encoding="utf-8")))


def _innermost(mistake: ValidationError) -> ValidationError:
    """Of "none of these schemas fits", what keeps the schema from fitting that has least against the text."""
    while mistake.context:
        schemas: dict[object, list[ValidationError]] = {}
        for error in mistake.context:
            schemas.setdefault(error.schema_path[0], []).append(error)
        mistake = min(schemas.values(), key=len)[0]
    return mistake


def _named(rulesets: list[dict[str, Any]], collection: Path) -> Iterator[Path]:
    """The files of this collection that a rulebook's sources and playbooks stand for."""
    for ruleset in rulesets:
        for source in ruleset["sources"]:
            for key in source:
                if key.startswith(_OWN):
                    yield collection / "plugins" / "event_source" / f"{key.removeprefix(_OWN)}.py"
        for rule in ruleset["rules"]:
            for action in [rule["action"]] if "action" in rule else rule["actions"]:
                playbook = str((action.get("run_playbook") or {}).get("name", ""))
                if playbook.startswith(_OWN):
                    yield collection / "playbooks" / f"{playbook.removeprefix(_OWN)}.yml"


def _one_line(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    where = f"line {mark.line + 1}: " if mark is not None else ""
    return where + str(getattr(error, "problem", None) or error).splitlines()[0]
