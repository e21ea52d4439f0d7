"""Expressions over facts, in the language engineers know from Ansible's `when:`.

Jinja2 compiles them in its immutable sandbox, with a short list of filters and tests, no globals, and undefined
values that refuse to be used. `int` and `float` refuse what is no number; `is interface('Gi0/1')` compares names in
any spelling; `then | age(now)` is the seconds between two times of one device; `regex_replace` and `dict2items` are
Ansible's. Backslashes in strings are taken as they are written.
Device output is only ever a value in here, never a template.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, Undefined, UndefinedError, nodes
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from fannel.checks.device_time import age_s
from fannel.checks.errors import did_you_mean
from fannel.kinds.interface_name import canonical_interface_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from jinja2.environment import TemplateExpression

_FILTERS = (
    "abs default first float int join last length list lower map max min reject rejectattr replace round select "
    "selectattr sort string sum trim unique upper"
)
_TESTS = (
    "boolean defined divisibleby eq equalto false float ge gt in integer iterable le lower lt mapping ne none "
    "number sequence string true undefined upper == != < <= > >="
)
_LONGEST = 20_000  # characters a pattern is tried on


class ExpressionError(ValueError):
    """The expression is not one, or uses a name, filter or test there is not."""


class MissingDataError(LookupError):
    """A value the expression needs is not there, or is not of a kind it can use."""


def _int(value: object, default: object = None) -> Any:  # noqa: ANN401
    """Jinja's own makes 0 of what is no number, and a threshold would be judged by it."""
    return _number(int, value, default)


def _float(value: object, default: object = None) -> Any:  # noqa: ANN401
    return _number(float, value, default)


def _number(kind: type[int | float], value: object, default: object) -> object:
    try:
        if isinstance(value, (str, int, float)):
            return kind(value)
    except (ValueError, OverflowError):
        pass
    if default is None:
        msg = f"{value!r:.40} is no number"
        raise TypeError(msg)
    return default


def _regex_replace(value: object, pattern: str, replacement: str) -> str:
    """As Ansible's: what matches nowhere stays as it is."""
    return re.sub(pattern, replacement, str(value)[:_LONGEST])


def _dict2items(value: object) -> list[dict[str, object]]:
    if not isinstance(value, dict):
        msg = f"{value!r:.40} is no mapping"
        raise TypeError(msg)
    return [{"key": key, "value": item} for key, item in value.items()]


def _age(then: object, now: str) -> float:
    """Seconds, both times as the device writes them."""
    return age_s(str(then), str(now))


def _is_interface(value: object, name: str) -> bool:
    # port-channel10 of NX-OS is Po10 in its tables, and Po10 in full is Port-channel10
    return canonical_interface_name(str(value)).casefold() == canonical_interface_name(str(name)).casefold()


def _search(value: object, pattern: str) -> bool:
    return bool(re.search(pattern, str(value)[:_LONGEST], re.IGNORECASE))


def _match(value: object, pattern: str) -> bool:
    return bool(re.match(pattern, str(value)[:_LONGEST], re.IGNORECASE))


def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
    environment.globals.clear()
    environment.filters = {name: environment.filters[name] for name in _FILTERS.split()}
    environment.tests = {name: environment.tests[name] for name in _TESTS.split()}
    environment.filters |= {"int": _int, "float": _float}
    environment.filters |= {"regex_replace": _regex_replace, "dict2items": _dict2items, "age": _age}
    environment.tests |= {"search": _search, "match": _match, "interface": _is_interface}
    return environment


_ENVIRONMENT = _environment()


@lru_cache(maxsize=4096)
def _compiled(source: str) -> tuple[TemplateExpression, frozenset[str]]:
    """The code, and the names it uses. Kept: what a problem's defaults say is the same on every operating system."""
    # In an expression a backslash is nearly always a pattern's: '\\b' is meant as \\b, not as a backspace.
    literal = re.sub(r"\\(?!['\"])", r"\\\\", source)
    code = _ENVIRONMENT.compile_expression(literal, undefined_to_none=False)
    tree = Parser(_ENVIRONMENT, literal, state="variable").parse_expression()
    # An expression binds no names of its own, so every name in it comes from outside; Jinja's `self` is none.
    return code, frozenset(name.name for name in nodes.Output([tree], lineno=1).find_all(nodes.Name))


class Expression:
    """One compiled expression. Names it may use are fixed when it is made."""

    __slots__ = ("_compiled", "names", "source")

    def __init__(self, source: str, known: Iterable[str]) -> None:
        """Compile `source`. Raises ExpressionError."""
        self.source = source
        try:
            self._compiled, self.names = _compiled(source)
        except TemplateSyntaxError as error:
            msg = f"{source!r:.80} is not an expression: {error.message}{_near(error.message or '')}"
            raise ExpressionError(msg) from None
        known = tuple(known)
        for name in sorted(self.names.difference(known)):
            msg = f"{source!r:.80} uses {name!r}, which is neither a command nor a fact"
            raise ExpressionError(msg + did_you_mean(name, known))

    def __call__(self, values: Mapping[str, Any]) -> Any:  # noqa: ANN401  (whatever the data is)
        """Evaluate. Raises MissingDataError."""
        try:
            value = self._compiled(**values)
        except UndefinedError as error:
            raise MissingDataError(error.message) from None
        except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, TemplateError, re.error) as error:
            # The data is not of the kind the expression expects: as good as missing, and said so.
            raise MissingDataError(f"{type(error).__name__}: {error}"[:200]) from None
        if isinstance(value, Undefined):
            msg = f"{self.source!r:.80} is undefined"
            raise MissingDataError(msg)
        return value


def _near(message: str) -> str:
    unknown = re.search(r"No (filter|test) named '(\w+)'", message)
    if not unknown:
        return ""
    return did_you_mean(unknown[2], _ENVIRONMENT.filters if unknown[1] == "filter" else _ENVIRONMENT.tests)
