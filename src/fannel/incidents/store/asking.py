"""Asking for many values at once, in a statement whose text is the same however many they are.

An IN list is another statement for each length: rendered, compiled and kept anew by the driver. Here the whole list is
one parameter: an array in PostgreSQL, a JSON array in SQLite.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import ARRAY, Text, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType, TypeDecorator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Dialect
    from sqlalchemy.sql.compiler import SQLCompiler
    from sqlalchemy.types import TypeEngine


class _Listed(TypeDecorator[Any]):
    """A list of texts as one parameter."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """PostgreSQL has arrays."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else ARRAY(Text()))

    def process_bind_param(self, value: Sequence[str] | None, dialect: Dialect) -> Any:  # noqa: ANN401
        """The texts have passed `plain()`, so that any JSON can hold them."""
        return orjson.dumps(value).decode() if dialect.name == "sqlite" else value


class _Among(FunctionElement[Any]):
    """`column` is one of the values listed in a parameter."""

    name = "among"
    # Not Boolean: SQLite has none, and SQLAlchemy would compare it with 1, which no index answers.
    type = NullType()
    inherit_cache = True


@compiles(_Among, "postgresql")  # type: ignore[no-untyped-call,untyped-decorator,unused-ignore]
def _postgresql(element: _Among, compiler: SQLCompiler, **more: object) -> str:
    column, listed = (compiler.process(clause, **more) for clause in element.clauses)
    return f"{column} = ANY({listed})"


@compiles(_Among, "sqlite")  # type: ignore[no-untyped-call,untyped-decorator,unused-ignore]
def _sqlite(element: _Among, compiler: SQLCompiler, **more: object) -> str:
    column, listed = (compiler.process(clause, **more) for clause in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({listed}))"  # noqa: S608  (both are SQLAlchemy's own)


def among(column: ColumnElement[Any], parameter: str) -> ColumnElement[bool]:
    """That `column` is among the texts of the list that is given as `parameter`."""
    return _Among(column, bindparam(parameter, type_=_Listed()))
