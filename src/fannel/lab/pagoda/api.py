"""The stand-in's API: a request in, pagoda's answer out. No sockets here.

Covers what FANNEL calls, with the status codes, error codes and error bodies of the real system.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

from fannel.lab.pagoda import writes
from fannel.lab.pagoda.accounts import FULL, NOTHING, Account
from fannel.lab.pagoda.search import FILTER_KEYS, NotSortable, Search, SearchFailed
from fannel.lab.pagoda.shapes import Shapes
from fannel.lab.pagoda.webhooks import Webhooks
from fannel.lab.pagoda.writes import Unacceptable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fannel.lab.pagoda.records import Attribute, Item, Model, Records

MAX_KEYWORD: Final = 249
_ITEMS_PER_PAGE = 30
_WRITING = frozenset({"PUT", "POST", "DELETE"})
_NOT_FOUND, _WRONG, _REQUIRED, _TOO_LONG = "AE-230000", "AE-121000", "AE-113000", "AE-122000"


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request; header names in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer: `body` as JSON, or as a web page when `html`."""

    status: int
    body: Any
    allow: str = ""
    html: bool = False


class _Refused(Exception):  # noqa: N818
    """Ends a request with an answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def page(status: int, title: str) -> Answer:
    """An HTML page as Django shows for what the API framework does not catch."""
    return Answer(
        status, f"<!DOCTYPE html>\n<html><head><title>{title}</title></head><body></body></html>\n", html=True
    )


class Api:
    """Answers requests about one set of records. `accounts` maps tokens to what they may read."""

    def __init__(self, records: Records, accounts: Mapping[str, Account], webhooks: Webhooks | None = None) -> None:
        self._records = records
        self._accounts = accounts
        self._webhooks = webhooks or Webhooks(records)
        self._routes: list[tuple[re.Pattern[str], Mapping[str, Callable[..., Answer]], str]] = [
            (re.compile(path), handlers, allow)
            for path, handlers, allow in (
                (r"/entity/api/v2/", {"GET": self._models}, "GET, POST, HEAD, OPTIONS"),
                (r"/entity/api/v2/(\d+)/", {"GET": self._model, "PUT": self._hooks}, "GET, PUT, DELETE, HEAD, OPTIONS"),
                (
                    r"/entity/api/v2/(\d+)/entries/",
                    {"GET": self._items, "POST": self._create},
                    "GET, POST, HEAD, OPTIONS",
                ),
                (
                    r"/entry/api/v2/(\d+)/",
                    {"GET": self._item, "PUT": self._update, "DELETE": self._delete},
                    "GET, PUT, DELETE, HEAD, OPTIONS",
                ),
                (r"/entry/api/v2/advanced_search/", {"POST": self._search}, "POST, OPTIONS"),
                (r"/entry/api/v2/advanced_search_chain/", {"POST": self._chain}, "POST, OPTIONS"),
            )
        ]

    def answer(self, request: Request) -> Answer:
        """Pagoda's answer to a request."""
        parts = urlsplit(request.target)
        for pattern, handlers, allow in self._routes:
            if (match := pattern.fullmatch(parts.path)) is None:
                continue
            query = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
            try:
                account = self._account(request)
                handler = handlers.get(request.method)
                if handler is None:
                    raise _refusal(405, "AE-999999", f'Method "{request.method}" not allowed.')
                if (
                    request.method in _WRITING
                    and account.read_only
                    and not pattern.pattern.endswith("/advanced_search/")
                ):
                    raise _denied()
                given = [int(group) for group in match.groups()]
                with self._records.lock:
                    answer = handler(request, query, account, *given)
            except _Refused as refused:
                answer = refused.answer
            except Unacceptable as error:
                answer = Answer(400, error.body)
            except SearchFailed:
                return page(500, f"AttributeError\n          at {parts.path}")
            return Answer(answer.status, answer.body, allow, answer.html)
        if request.method != "GET" and any(p.fullmatch(parts.path + "/") for p, *_ in self._routes):
            return page(500, f"RuntimeError\n          at {parts.path}")
        return page(404, f"Page not found at {parts.path}")

    def _account(self, request: Request) -> Account:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme != "Token" or not token:
            raise _refusal(403, "AE-000000", "Authentication credentials were not provided.")
        account = self._accounts.get(token)
        if account is None:
            raise _refusal(403, "AE-000000", "Invalid token.")
        if account.expired:
            raise _refusal(403, "AE-000000", "Token lifetime is expired")
        return account

    def _models(self, _: Request, query: Mapping[str, str], account: Account) -> Answer:
        wanted = query.get("search", "").casefold()
        found = [model for model in self._records.models.values() if wanted in model.name.casefold()]
        results = [
            {
                "id": model.id,
                "name": model.name,
                "note": "",
                "item_name_pattern": "",
                "item_name_type": "",
                "status": 1,
                "is_toplevel": True,
                "permission": FULL if account.reads_model(model) else NOTHING,
            }
            for model in found[: int(query.get("limit") or 100)]
        ]
        return Answer(200, {"count": len(found), "next": None, "previous": None, "results": results})

    def _model(self, _: Request, __: Mapping[str, str], account: Account, model_id: int) -> Answer:
        model = self._records.model_by_id(model_id)
        if model is None:
            raise _refusal(404, _NOT_FOUND, "No Entity matches the given query.")
        if not account.reads_model(model):
            raise _denied()
        body = {
            "id": model.id,
            "name": model.name,
            "note": "",
            "item_name_pattern": "",
            "item_name_type": "",
            "status": 1,
            "is_toplevel": True,
            "attrs": [self._attribute(model, attribute) for attribute in model.attributes.values()],
            "webhooks": self._webhooks.of(model),
            "isolation_rules": [],
            "is_public": True,
            "has_ongoing_changes": False,
            "permission": FULL,
            "delete_chain_exclude_entities": [],
        }
        return Answer(200, body)

    def _attribute(self, model: Model, attribute: Attribute) -> dict[str, Any]:
        choices, in_use = attribute.choices, set[str]()
        if choices is not None:
            for item in self._records.each(model):
                value = item.values.get(attribute.name)
                in_use.update(choices[label] for label in (value if isinstance(value, list) else [value]) if label)
        referral = [{"id": self._records.models[name].id, "name": name} for name in attribute.to]
        labels = None if choices is None else [{"value": value, "label": label} for label, value in choices.items()]
        return {
            "id": attribute.id,
            "index": attribute.index,
            "name": attribute.name,
            "type": attribute.type,
            "is_mandatory": attribute.mandatory,
            "is_delete_in_chain": False,
            "is_summarized": False,
            "is_writable": True,
            "referral": referral,
            "note": "",
            "default_value": None,
            "choices": labels,
            "choices_in_use": sorted(in_use),
            "name_order": 0,
            "name_prefix": "",
            "name_postfix": "",
            "display_attr": "",
        }

    def _items(self, request: Request, query: Mapping[str, str], account: Account, model_id: int) -> Answer:
        model = self._records.model_by_id(model_id)
        if model is None:
            raise _refusal(404, _NOT_FOUND, "Not found.")
        if not account.reads_model(model):
            raise _denied()
        found = [item for item in self._records.items.values() if item.model is model]
        if query.get("is_active") in {"true", "false"}:
            found = [item for item in found if item.active is (query["is_active"] == "true")]
        found = [item for item in found if query.get("search", "").casefold() in item.name.casefold()]
        ordering = query.get("ordering", "name")
        by_time = ordering.lstrip("-") == "updated_time"
        found.sort(
            key=lambda i: (i.updated.isoformat(), i.id) if by_time else (i.name, i.id), reverse=ordering[0] == "-"
        )
        number = int(query.get("page") or 1)
        pages = max(1, -(-len(found) // _ITEMS_PER_PAGE))
        if not 1 <= number <= pages:
            raise _refusal(404, _NOT_FOUND, "Invalid page.")

        def link(other: int) -> str | None:
            if not 1 <= other <= pages:
                return None
            path = urlsplit(request.target).path
            return f"http://{request.headers.get('host', '')}{path}?{urlencode({**query, 'page': other})}"

        shown = found[(number - 1) * _ITEMS_PER_PAGE : number * _ITEMS_PER_PAGE]
        results = [
            {**_plain(item, FULL), "permission": FULL if account.reads_item(item) else NOTHING} for item in shown
        ]
        body = {"count": len(found), "next": link(number + 1), "previous": link(number - 1), "results": results}
        return Answer(200, body)

    def _item(self, _: Request, __: Mapping[str, str], account: Account, item_id: int) -> Answer:
        item = self._records.items.get(item_id)
        if item is None:
            raise _refusal(404, _NOT_FOUND, "No Entry matches the given query.")
        if not account.reads_item(item):
            raise _denied()
        shapes = Shapes(self._records, retrieve=True)
        attrs = []
        for offset, attribute in enumerate(item.model.attributes.values(), 1):
            readable = account.reads_attribute(item.model, attribute.name)
            attrs.append(
                {
                    "id": item.id + offset if attribute.name in item.values else None,
                    "type": attribute.type,
                    "is_mandatory": attribute.mandatory,
                    "is_readable": readable,
                    "value": shapes.value(attribute, item.values.get(attribute.name) if readable else None),
                    "schema": {"id": attribute.id, "name": attribute.name},
                }
            )
        plain = _plain(item, FULL)
        body = {name: plain[name] for name in ("id", "name", "schema", "is_active", "deleted_user", "deleted_time")}
        return Answer(200, {**body, "attrs": attrs, "is_public": True, "permission": FULL})

    def _create(self, request: Request, _: Mapping[str, str], account: Account, model_id: int) -> Answer:
        model = self._records.model_by_id(model_id)
        if model is None:
            raise _refusal(404, _NOT_FOUND, "Not found.")
        if not account.reads_model(model):
            raise _denied()
        writes.create(self._records, model, _json(request))
        return Answer(202, None)

    def _update(self, request: Request, _: Mapping[str, str], account: Account, item_id: int) -> Answer:
        writes.update(self._records, self._writable(account, item_id), _json(request))
        return Answer(202, None)

    def _delete(self, _: Request, __: Mapping[str, str], account: Account, item_id: int) -> Answer:
        if (item := self._records.items.get(item_id)) is not None and not item.active:
            return Answer(400, [_wrong("specified entry has already been deleted", _NOT_FOUND)])
        item = self._writable(account, item_id)
        self._records.delete(item.model.name, item.name)
        return Answer(204, None)

    def _writable(self, account: Account, item_id: int) -> Item:
        item = self._records.items.get(item_id)
        if item is None or not item.active:
            raise _refusal(404, _NOT_FOUND, "No Entry matches the given query.")
        if not account.reads_item(item):
            raise _denied()
        return item

    def _hooks(self, request: Request, _: Mapping[str, str], account: Account, model_id: int) -> Answer:
        model = self._records.model_by_id(model_id)
        if model is None:
            raise _refusal(404, _NOT_FOUND, "No Entity matches the given query.")
        if not account.reads_model(model):
            raise _denied()
        self._webhooks.register(model, _json(request).get("webhooks") or [])
        return Answer(202, None)

    def _search(self, request: Request, _: Mapping[str, str], account: Account) -> Answer:
        body = _json(request)
        _check_search(body)
        try:
            return Answer(200, Search(self._records, account).advanced(body))
        except NotSortable as error:
            return Answer(400, str(error))

    def _chain(self, request: Request, _: Mapping[str, str], account: Account) -> Answer:
        body = _json(request)
        known = {a for m in self._records.models.values() if m.id in body.get("entities", ()) for a in m.attributes}
        for index, attr in enumerate(body.get("attrs", ())):
            if attr["name"] not in known:
                wrong = [_wrong(f"There is no specified Attribute ({attr['name']})")]
                raise _Refused(Answer(400, {"attrs": {str(index): {"name": wrong}}}))
        items = Search(self._records, account).chain(body)
        return Answer(200, [{**_plain(item, NOTHING), "permission": NOTHING} for item in items])


def _plain(item: Item, permission: int) -> dict[str, Any]:
    """An item without its values."""
    schema = {"id": item.model.id, "name": item.model.name, "is_public": True, "permission": permission}
    deleted = None if item.active else item.updated.isoformat()
    return {
        "id": item.id,
        "name": item.name,
        "schema": schema,
        "is_active": item.active,
        "deleted_user": None,
        "deleted_time": deleted,
        "updated_time": item.updated.isoformat(),
        "aliases": [],
    }


def _json(request: Request) -> dict[str, Any]:
    content_type = request.headers.get("content-type", "")
    if content_type.partition(";")[0].strip() != "application/json":
        raise _refusal(415, "AE-130000", f'Unsupported media type "{content_type}" in request.')
    try:
        body = json.loads(request.body)
    except ValueError as error:
        raise _refusal(400, "AE-140000", f"JSON parse error - {error}") from None
    if not isinstance(body, dict):
        wrong = _wrong(f"Invalid data. Expected a dictionary, but got {type(body).__name__}.")
        raise _Refused(Answer(400, {"non_field_errors": [wrong]}))
    return body


def _check_search(body: Mapping[str, Any]) -> None:
    errors: dict[str, Any] = {}
    for name in ("entities", "attrinfo"):
        if name not in body:
            errors[name] = [_wrong("This field is required.", _REQUIRED)]
    not_integers = {
        str(index): [_wrong("A valid integer is required.")]
        for index, model_id in enumerate(body.get("entities", ()))
        if not _is_integer(model_id)
    }
    if not_integers:
        errors["entities"] = not_integers
    for name in ("entry_limit", "entry_offset"):
        if name in body and not _is_integer(body[name]):
            errors[name] = [_wrong("A valid integer is required.")]
    hints = [_check_hint(hint) for hint in body.get("attrinfo", ())]
    if any(hints):
        errors["attrinfo"] = hints
    if errors:
        raise _Refused(Answer(400, errors))


def _check_hint(hint: Mapping[str, Any]) -> dict[str, Any]:
    errors: dict[str, Any] = {}
    if len(hint.get("keyword") or "") > MAX_KEYWORD:
        errors["keyword"] = [_wrong(f"Ensure this field has no more than {MAX_KEYWORD} characters.", _TOO_LONG)]
    if "filter_key" in hint and hint["filter_key"] not in FILTER_KEYS:
        errors["filter_key"] = [_wrong("filter key parameter is invalid value")]
    return errors


def _is_integer(value: object) -> bool:
    return isinstance(value, int) or (isinstance(value, str) and value.lstrip("-").isdecimal())


def _wrong(message: str, code: str = _WRONG) -> dict[str, str]:
    return {"message": message, "code": code}


def _refusal(status: int, code: str, message: str) -> _Refused:
    return _Refused(Answer(status, {"message": message, "code": code}))


def _denied() -> _Refused:
    return _refusal(403, "AE-210000", "You do not have permission to perform this action.")
