"""pagoda's API v2 as far as FANNEL reads it: models by name, searches that mean what they say, whole lists.

Search in pagoda has traps (substring unless anchored, an empty keyword matches everything, `|` and `&` are operators
that cannot be escaped); `exactly()` is the only way a keyword is made here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from fannel.directory.errors import AttributeMissing, ModelMissing, UnexpectedAnswer, Unsearchable
from fannel.directory.garbage import uncollected
from fannel.directory.transport import NotFound, Timeouts, Transport
from fannel.directory.values import Value, read_attributes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

PAGE: Final = 1000
# Beyond this, offset + limit fails on pagoda's real search engine.
MAX_ITEMS: Final = 500_000
MAX_KEYWORD: Final = 249
_CONTAINS = 3
_NAME_CONTAINS = 1
_PASSES = 3
# No item is older: what says so is no time to count from.
_BEFORE_PAGODA = 1970
# `|` and `&` are operators, a backslash becomes a space, anchors and `*` mean something at the ends; no escape exists.
_OPERATORS = frozenset("|&\\^$*\n\r")


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of a model; `referral` are the ids of the models it may point to."""

    id: int
    name: str
    type: int
    referral: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Model:
    """A model (pagoda's entity) and its attributes by name."""

    id: int
    name: str
    attributes: Mapping[str, Attribute]

    def attribute(self, name: str) -> Attribute:
        """The attribute of that exact name; AttributeMissing says what there is instead."""
        try:
            return self.attributes[name]
        except KeyError:
            have = ", ".join(sorted(self.attributes)) or "none"
            raise AttributeMissing(f'model "{self.name}" has no attribute "{name}"; it has: {have[:500]}') from None


@dataclass(frozen=True, slots=True)
class Item:
    """An item (pagoda's entry) with the attributes that were asked for. Unreadable items have none."""

    id: int
    name: str
    model_id: int
    readable: bool
    attributes: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Touched:
    """An item as pagoda's lists of changes name it: `active` is False once it is deleted. `updated_at` is aware.

    The name of a deleted item has a suffix: only the id says which one it was.
    """

    id: int
    name: str
    model_id: int
    active: bool
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of a search; `total` is the number of all matches."""

    items: tuple[Item, ...]
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """What to search for: attribute name → keyword (all must hold), and a keyword for the item's own name."""

    attributes: Mapping[str, str] = field(default_factory=dict)
    name: str | None = None


def exactly(values: Iterable[str]) -> str:
    """The keyword that finds these values and nothing else, upper and lower case being one to pagoda.

    Raises Unsearchable for a value it cannot express, for no value at all, and beyond 249 characters.
    """
    parts = []
    for value in values:
        if not value or _OPERATORS.intersection(value):
            raise Unsearchable(f"pagoda cannot be asked for exactly {value[:80]!r}")
        parts.append(f"^{value}$")
    keyword = "|".join(parts)
    if not 0 < len(keyword) <= MAX_KEYWORD:
        raise Unsearchable(f"a keyword of {len(keyword)} characters; pagoda takes 1 to {MAX_KEYWORD}")
    return keyword


def exact_keywords(values: Iterable[str]) -> list[str]:
    """As few `exactly()` keywords as cover all values."""
    keywords: list[str] = []
    for value in dict.fromkeys(values):
        one = exactly([value])
        if keywords and len(keywords[-1]) + 1 + len(one) <= MAX_KEYWORD:
            keywords[-1] += f"|{one}"
        else:
            keywords.append(one)
    return keywords


class PagodaClient:
    """A reader of one pagoda. Safe to share between threads; every method raises PagodaError."""

    def __init__(
        self,
        url: str,
        token: str,
        ca_file: Path | str | None = None,
        *,
        verify: bool = True,
        timeouts: Timeouts | None = None,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        """`sleep` replaces time.sleep between retries, so that a closing owner (or a test) need not wait."""
        extra: dict[str, Any] = {} if sleep is None else {"sleep": sleep}
        self._transport = Transport(url, token, ca_file=ca_file, verify=verify, timeouts=timeouts, **extra)
        self.url = self._transport.url

    def close(self) -> None:
        """Give the connections back."""
        self._transport.close()

    def model(self, name: str) -> Model:
        """The model of that exact name (pagoda's own search is a substring match)."""
        within_s = self._transport.timeouts.lookup_s
        found = self._transport.call(
            "GET", "/entity/api/v2/", params={"search": name, "limit": "100"}, within_s=within_s
        )
        results = _field(found, "results", list)
        for result in results:
            if isinstance(result, dict) and result.get("name") == name:
                return self.model_by_id(_field(result, "id", int))
        near = ", ".join(str(r.get("name"))[:80] for r in results if isinstance(r, dict))
        raise ModelMissing(f'{self.url} has no model "{name}"' + (f"; near it: {near}" if near else ""))

    def model_by_id(self, model_id: int) -> Model:
        """The model of that id, such as an attribute's `referral` names it."""
        path = f"/entity/api/v2/{model_id}/"
        try:
            body = self._transport.call("GET", path, within_s=self._transport.timeouts.lookup_s)
        except NotFound:
            raise ModelMissing(f"{self.url} has no model with id {model_id}") from None
        attributes = [
            Attribute(_field(a, "id", int), _field(a, "name", str), _field(a, "type", int), _referral(a))
            for a in _field(body, "attrs", list)
        ]
        return Model(_field(body, "id", int), _field(body, "name", str), {a.name: a for a in attributes})

    def search(
        self,
        model: Model,
        attributes: Sequence[str],
        *,
        where: Where | None = None,
        limit: int = PAGE,
        offset: int = 0,
        within_s: float | None = None,
        retry: bool = True,
    ) -> Page:
        """One page of items, ordered by name. A dotted attribute is read from the item referred to."""
        where = where or Where()
        keywords = [*where.attributes.values()] + ([where.name] if where.name is not None else [])
        if not all(keywords):
            raise Unsearchable("an empty keyword would match every item")
        body: dict[str, Any] = {
            "entities": [model.id],
            "attrinfo": [_attribute_hint(name, where) for name in _own(attributes, where)],
            "is_output_all": False,
            "entry_limit": limit,
            "entry_offset": offset,
        }
        if joins := _joins(attributes):
            body["join_attrs"] = joins
        if where.name is not None:
            body["hint_entry"] = {"filter_key": _NAME_CONTAINS, "keyword": where.name}
        within_s = self._transport.timeouts.page_s if within_s is None else within_s
        answer = self._transport.call(
            "POST", "/entry/api/v2/advanced_search/", body=body, within_s=within_s, retry=retry
        )
        with uncollected():
            items = tuple(map(_item, _field(answer, "values", list)))
        return Page(items, _field(answer, "total_count", int))

    def items(self, model: Model, attributes: Sequence[str], *, where: Where | None = None) -> list[Item]:
        """All matching items, each once, ordered by name.

        The list is read again when its length moved under the reader (an item deleted meanwhile shifts the next page
        by one). After three passes their union stands: it may hold an item deleted a moment ago, but misses none.
        """
        union: dict[int, Item] = {}
        total = 0
        for _ in range(_PASSES):
            totals, seen = self._one_pass(model, attributes, where, union)
            total = totals[-1]
            if len(set(totals)) == 1 and seen == total:
                break
        if len(union) < total:
            raise UnexpectedAnswer(f'{self.url} lists {total} items of "{model.name}" but hands out only {len(union)}')
        return sorted(union.values(), key=lambda item: item.name)

    def touched(self, model: Model, number: int = 1) -> list[Touched]:
        """Page `number` (from 1, 30 items each) of a model's items, deleted ones too, the latest change first.

        A change of an item it refers to does not move an item.
        """
        path = f"/entity/api/v2/{model.id}/entries/"
        params = {"ordering": "-updated_time", "page": str(number)}
        within_s = self._transport.timeouts.lookup_s
        try:
            body = self._transport.call("GET", path, params=params, within_s=within_s)
        except NotFound:  # past the last page
            return []
        return [_touched(result) for result in _field(body, "results", list)]

    def identify(self, item_id: int) -> Touched | None:
        """The item of that id as it is now; None where there is none."""
        path = f"/entry/api/v2/{item_id}/"
        try:
            return _touched(self._transport.call("GET", path, within_s=self._transport.timeouts.lookup_s))
        except NotFound:
            return None

    def _one_pass(
        self, model: Model, attributes: Sequence[str], where: Where | None, union: dict[int, Item]
    ) -> tuple[list[int], int]:
        totals: list[int] = []
        seen: set[int] = set()
        offset = 0
        while True:
            page = self.search(model, attributes, where=where, offset=offset)
            if page.total > MAX_ITEMS:
                msg = f'{self.url} says "{model.name}" has {page.total} items, more than the {MAX_ITEMS} it can list'
                raise UnexpectedAnswer(msg)
            totals.append(page.total)
            union.update((item.id, item) for item in page.items)
            seen.update(item.id for item in page.items)
            offset += PAGE
            if offset >= page.total or not page.items:
                return totals, len(seen)


def _own(attributes: Sequence[str], where: Where) -> list[str]:
    """The model's own attributes to ask for; a join needs its first part among them."""
    return list(dict.fromkeys(name.partition(".")[0] for name in (*where.attributes, *attributes)))


def _joins(attributes: Sequence[str]) -> list[dict[str, Any]]:
    joins: dict[str, list[dict[str, str]]] = {}
    for name in attributes:
        first, dot, rest = name.partition(".")
        if dot:
            joins.setdefault(first, []).append({"name": rest})
    return [{"name": name, "attrinfo": attrinfo} for name, attrinfo in joins.items()]


def _attribute_hint(name: str, where: Where) -> dict[str, Any]:
    keyword = where.attributes.get(name)
    return {"name": name} if keyword is None else {"name": name, "filter_key": _CONTAINS, "keyword": keyword}


def _item(row: object) -> Item:
    entry = _field(row, "entry", dict)
    entity = _field(row, "entity", dict)
    assert isinstance(row, dict)  # noqa: S101  (narrowing: _field has checked it)
    return Item(
        _field(entry, "id", int),
        _field(entry, "name", str),
        _field(entity, "id", int),
        row.get("is_readable") is not False,
        read_attributes(row.get("attrs")),
    )


def _touched(row: object) -> Touched:
    schema = _field(row, "schema", dict)
    assert isinstance(row, dict)  # noqa: S101  (narrowing: _field has checked it)
    try:
        updated_at = datetime.fromisoformat(str(row.get("updated_time")))
    except ValueError:
        updated_at = None
    if updated_at is not None and (updated_at.tzinfo is None or updated_at.year < _BEFORE_PAGODA):
        updated_at = None
    return Touched(
        _field(row, "id", int),
        _field(row, "name", str),
        _field(schema, "id", int),
        row.get("is_active") is not False,
        updated_at,
    )


def _referral(attribute: object) -> tuple[int, ...]:
    referral = attribute.get("referral") if isinstance(attribute, dict) else None
    return tuple(r["id"] for r in referral or () if isinstance(r, dict) and isinstance(r.get("id"), int))


def _field(body: object, key: str, kind: type) -> Any:  # noqa: ANN401  (the kind says which)
    value = body.get(key) if isinstance(body, dict) else None
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        msg = f'pagoda\'s answer has no {kind.__name__} "{key}": is this really pagoda, and its API v2?'
        raise UnexpectedAnswer(msg)
    return value
