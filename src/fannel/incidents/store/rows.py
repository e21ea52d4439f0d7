"""Writing many rows at once, however many they are: each database gets them in the way that costs it least.

SQLite takes them one by one from a prepared statement, which is a call into a library. PostgreSQL takes all of them as
one parameter, a JSON array that the server reads as a table: a message each way for the batch, not for the row.
"""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
from sqlalchemy import JSON, LargeBinary, Text, bindparam, cast, column, func, select

from fannel.incidents.store.database import compact_json
from fannel.incidents.store.tables import in_utc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Connection, Insert, TableClause

    from fannel.event import Json


class Rows(NamedTuple):
    """What an `insert()` that names no values is given: rows that all name the same columns, in their order."""

    insert: Insert
    rows: Sequence[Json]


def insert_rows(connection: Connection, *wanted: Rows) -> None:
    """Insert all of them; a table that is referred to comes before those that refer to it."""
    some = [one for one in wanted if one.rows]
    if connection.dialect.name != "postgresql":
        for one in some:
            connection.execute(one.insert, one.rows)
    elif some:
        statement = _together(tuple((one.insert, tuple(one.rows[0])) for one in some))
        arrays = {one.insert.table.name: _array(one.insert.table, one.rows) for one in some}
        connection.execute(statement, arrays)


# Made once: a statement that is made anew is compiled anew.
@cache
def _together(wanted: tuple[tuple[Insert, tuple[str, ...]], ...]) -> Insert:
    """One statement: PostgreSQL looks at what refers to what at its end."""
    *before, last = (_from_array(insert, names) for insert, names in wanted)
    return last.add_cte(*(one.cte(one.table.name + "_added") for one in before))


def _from_array(statement: Insert, names: tuple[str, ...]) -> Insert:
    columns = [statement.table.c[name] for name in names]
    array = func.json_to_recordset(cast(bindparam(statement.table.name, type_=Text), JSON))
    given = array.table_valued(*(column(one.name, _as_given(one)) for one in columns)).render_derived(with_types=True)
    return statement.from_select(names, select(*(_as_kept(given.c[one.name], one) for one in columns)))


def _as_given(kept: ColumnElement[Any]) -> Any:  # noqa: ANN401  (types of any value)
    """What an array holds of a column. Its JSON and octets are texts there: PostgreSQL would look into the JSON."""
    return Text() if isinstance(kept.type, (JSON, LargeBinary)) else kept.type


def _as_kept(given: ColumnElement[Any], kept: ColumnElement[Any]) -> ColumnElement[Any]:
    if isinstance(kept.type, JSON):
        return cast(given, JSON)
    return func.decode(given, "base64") if isinstance(kept.type, LargeBinary) else given


def _array(table: TableClause[Any], rows: Sequence[Json]) -> str:
    documents = [name for name in rows[0] if isinstance(table.c[name].type, JSON)]
    texts = [{**row, **{name: compact_json(row[name]) for name in documents}} for row in rows]
    return orjson.dumps(texts, default=_as_text, option=orjson.OPT_PASSTHROUGH_DATETIME).decode()


def _as_text(value: object) -> str:
    if isinstance(value, datetime):
        return in_utc(value).isoformat()
    if isinstance(value, bytes):
        return b64encode(value).decode()
    msg = f"a column cannot hold a {type(value).__name__}"
    raise TypeError(msg)
