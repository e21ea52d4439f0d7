"""pagoda's search: keywords, filters, paging, joins and readability, as the real system was seen to behave.

Not here: array joins (which multiply rows), the "duplicated" filter, referrals. FANNEL asks for none of them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from fannel.lab.pagoda.records import DATE, DATETIME, NAMED, OBJECT, STRING, TEXT
from fannel.lab.pagoda.shapes import Shapes, key

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from fannel.lab.pagoda.accounts import Account
    from fannel.lab.pagoda.records import Attribute, Item, Model, Records

CLEARED, EMPTY, NON_EMPTY, CONTAINED, NOT_CONTAINED = range(5)
FILTER_KEYS: Final = range(6)
DEFAULT_LIMIT: Final = 100
MAX_LIMIT: Final = 500_000
NOT_SORTABLE: Final = "sort target attribute type is not sortable"


class SearchFailed(Exception):  # noqa: N818
    """What makes the real pagoda answer 500."""


class NotSortable(Exception):  # noqa: N818
    """The sort attribute is of a type that cannot be sorted by."""


def matcher(keyword: str) -> Callable[[str], bool]:
    """Whether a text matches a keyword: `|` is OR, `&` is AND, `^` and `$` anchor, case is one; no other operators."""
    alternatives = [[_pattern(term) for term in terms.split("&")] for terms in keyword.split("|")]
    return lambda text: any(all(pattern.search(text) for pattern in terms) for terms in alternatives)


def _pattern(term: str) -> re.Pattern[str]:
    if "\\" in term:
        term = " "
    start, end = term.startswith("^"), term.endswith("$")
    literal = re.escape(term[start : len(term) - end])
    return re.compile((r"\A" if start else "") + literal + (r"\Z" if end else ""), re.IGNORECASE | re.DOTALL)


class Search:
    """Searches one set of records as one account."""

    def __init__(self, records: Records, account: Account) -> None:
        self._records = records
        self._account = account
        self._shapes = Shapes(records)

    def advanced(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to POST /entry/api/v2/advanced_search/ for a body that passed validation."""
        hints: list[dict[str, Any]] = body["attrinfo"]
        limit = min(int(body.get("entry_limit", DEFAULT_LIMIT)), MAX_LIMIT)
        offset = int(body.get("entry_offset", 0))
        matches: list[Item] = []
        for model in self._models(body["entities"]):
            found = self._matching(model, hints, body.get("hint_entry"))
            matches += self._sorted(model, found, body.get("sort"))
        # The lite server slices a Python list: a negative offset counts from the end.
        page = matches[offset : offset + limit if offset >= 0 else offset + limit or None] if limit else []
        rows = [self._row(item, hints, body) for item in page]
        joins = body.get("join_attrs") or []
        kept = [row for row in rows if _join_matches(row, joins)]
        count = len(matches) - (len(rows) - len(kept))
        return {"count": count, "values": kept, "total_count": len(matches)}

    def chain(self, body: Mapping[str, Any]) -> list[Item]:
        """The items for POST /entry/api/v2/advanced_search_chain/ (own attributes only)."""
        combine = any if body.get("is_any") else all
        conditions = [(attr["name"], matcher(attr.get("value") or "")) for attr in body["attrs"]]
        return [
            item
            for model in self._models(body["entities"])
            for item in self._records.active(model)
            if combine(self._has(item, name, matches) for name, matches in conditions)
        ]

    def _models(self, ids: Sequence[int]) -> list[Model]:
        """Unknown and unreadable models are dropped without a word; the rest goes by id."""
        models = (self._records.model_by_id(int(model_id)) for model_id in sorted(set(ids)))
        return [model for model in models if model is not None and self._account.reads_model(model)]

    def _matching(self, model: Model, hints: Sequence[Mapping[str, Any]], name: object) -> list[Item]:
        tests = [test for hint in hints if (test := self._test(hint)) is not None]
        if isinstance(name, dict) and name.get("keyword") and name.get("filter_key") in {1, 2}:
            named = matcher(name["keyword"])
            wanted = name["filter_key"] == 1
            tests.append(lambda item: named(item.name) is wanted)
        found = [item for item in self._records.each(model) if all(test(item) for test in tests)]
        return sorted(found, key=lambda item: item.name)

    def _test(self, hint: Mapping[str, Any]) -> Callable[[Item], bool] | None:
        name, keyword, filter_key = hint["name"], hint.get("keyword") or "", hint.get("filter_key", CONTAINED)
        if filter_key == EMPTY:
            return lambda item: self._has(item, name, lambda text: not text)
        if filter_key == NON_EMPTY:
            return lambda item: self._has(item, name, bool)
        if filter_key == CLEARED or not keyword:
            return None
        matches = matcher(keyword)
        if filter_key == NOT_CONTAINED:
            return lambda item: name in item.values and not self._has(item, name, matches)
        return lambda item: self._has(item, name, matches)

    def _has(self, item: Item, name: str, matches: Callable[[str], bool]) -> bool:
        attribute = item.model.attributes.get(name)
        if attribute is None or name not in item.values:
            return False
        return any(map(matches, self._shapes.texts(attribute, item.values[name])))

    def _sorted(self, model: Model, items: list[Item], sort: object) -> list[Item]:
        if not isinstance(sort, dict):
            return items
        attribute = model.attributes.get(str(sort.get("target_attrname")))
        if attribute is None or attribute.type not in {STRING, TEXT, DATE, DATETIME}:
            raise NotSortable(NOT_SORTABLE)
        return sorted(
            items,
            key=lambda item: self._shapes.texts(attribute, item.values.get(attribute.name))[0],
            reverse=sort.get("order") == "desc",
        )

    def _row(self, item: Item, hints: Sequence[Mapping[str, Any]], body: Mapping[str, Any]) -> dict[str, Any]:
        model, readable = item.model, self._account.reads_item(item)
        attrs: dict[str, Any] = {}
        if readable:
            asked = {hint["name"] for hint in hints}
            wanted = model.attributes if body.get("is_output_all", True) else asked
            for name, attribute in model.attributes.items():
                if name in wanted and name in item.values:
                    attrs[name] = self._attribute(model, attribute, item.values[name])
            for join in body.get("join_attrs") or []:
                attrs.update(self._joined(item, join))
        return {
            "entity": {"id": model.id, "name": model.name},
            "entry": {"id": item.id, "name": item.name},
            "attrs": attrs,
            "is_readable": readable,
            "referrals": None,
        }

    def _attribute(self, model: Model, attribute: Attribute, value: object) -> dict[str, Any]:
        if self._account.reads_attribute(model, attribute.name):
            return {"is_readable": True, "type": attribute.type, "value": self._shapes.value(attribute, value)}
        if attribute.type == NAMED | OBJECT:
            raise SearchFailed("'str' object has no attribute 'items'")
        return {"is_readable": False, "type": attribute.type, "value": {key(attribute): ""}}

    def _joined(self, item: Item, join: Mapping[str, Any]) -> dict[str, Any]:
        """Attributes of the item referred to, under dotted names; without one they are empty texts."""
        own = item.model.attributes.get(join["name"])
        target = None if own is None else self._records.named(own.to, item.values.get(own.name))
        if target is not None and not self._account.reads_item(target):
            target = None
        attrs: dict[str, Any] = {}
        for hint in join.get("attrinfo") or []:
            attribute = target.model.attributes.get(hint["name"]) if target is not None else None
            if target is None:
                shown: dict[str, Any] = {"is_readable": True, "type": STRING, "value": {"as_string": ""}}
            elif attribute is None:
                continue
            else:
                shown = self._attribute(target.model, attribute, target.values.get(attribute.name))
            attrs[f"{join['name']}.{hint['name']}"] = shown
        return attrs


def _join_matches(row: Mapping[str, Any], joins: Sequence[Mapping[str, Any]]) -> bool:
    """Keywords on joined attributes are applied to the page that was already cut out."""
    for join in joins:
        for hint in join.get("attrinfo") or []:
            if keyword := hint.get("keyword"):
                shown = row["attrs"].get(f"{join['name']}.{hint['name']}") or {}
                texts = [str(value) for value in (shown.get("value") or {}).values()]
                if not any(map(matcher(keyword), texts)):
                    return False
    return True
