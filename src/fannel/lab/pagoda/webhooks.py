"""The stand-in's webhooks: tried with `{}` when they are made, told of every change of their model's items afterwards.

As the real one does it: no content type, no signature, no second try, one after the other.
"""

from __future__ import annotations

import json
import queue
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import requests

from fannel.lab.pagoda.records import DATE, DATETIME, GROUP, NAMED, NUMBER, OBJECT, ROLE, SELECT
from fannel.lab.pagoda.shapes import Shapes

if TYPE_CHECKING:
    from fannel.lab.pagoda.records import Item, Model, Records

PATIENCE_S = 5.0
# How a webhook spells what is not set, where it differs from the API.
_UNSET: Final[dict[int, Any]] = {
    **dict.fromkeys((OBJECT, SELECT, GROUP, ROLE, NUMBER, DATETIME)),
    DATE: "None",
    NAMED | OBJECT: {"": None},
}


@dataclass(slots=True)
class Hook:
    """A webhook of a model. `verified` once its URL answered 2xx to `{}`."""

    id: int
    label: str
    url: str
    headers: tuple[tuple[str, str], ...]
    enabled: bool = True
    verified: bool = False

    def to_json(self) -> dict[str, Any]:
        """As the model's detail shows it."""
        return {
            "id": self.id,
            "label": self.label,
            "url": self.url,
            "is_enabled": self.enabled,
            "is_verified": self.verified,
            "verification_error_details": None,
            "headers": [{"header_key": key, "header_value": value} for key, value in self.headers],
        }


class Webhooks:
    """All webhooks of one stand-in, and the thread that calls them."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._hooks: dict[int, list[Hook]] = {}
        self._calls: queue.SimpleQueue[tuple[Hook, Any] | None] = queue.SimpleQueue()
        self._last_id = 0
        records.on_change = self.changed
        threading.Thread(target=self._deliver, name="lab-pagoda-webhooks", daemon=True).start()

    def of(self, model: Model) -> list[dict[str, Any]]:
        """A model's webhooks as its detail shows them."""
        return [hook.to_json() for hook in self._hooks.get(model.id, ())]

    def register(self, model: Model, given: list[dict[str, Any]]) -> None:
        """Give a model these webhooks; each is tried before it counts."""
        hooks = []
        for one in given:
            self._last_id += 1
            headers = tuple((str(h["header_key"]), str(h["header_value"])) for h in one.get("headers") or ())
            hooks.append(Hook(self._last_id, str(one.get("label", "")), str(one["url"]), headers))
        for hook in hooks:
            hook.verified = _post(hook, {})
        self._hooks[model.id] = hooks

    def changed(self, event: str, item: Item) -> None:
        """Tell of a change: `create`, `update` or `delete`."""
        for hook in self._hooks.get(item.model.id, ()):
            if hook.enabled and hook.verified:
                self._calls.put((hook, {"event": f"entry.{event}", "data": self._data(event, item), "user": "admin"}))

    def close(self) -> None:
        """End the thread once it has told what it has."""
        self._calls.put(None)

    def _data(self, event: str, item: Item) -> dict[str, Any]:
        data: dict[str, Any] = {
            "id": item.id,
            "name": item.name,
            "entity": {"id": item.model.id, "name": item.model.name},
        }
        if event == "delete":
            return {**data, "attrs": []}
        shapes = Shapes(self._records, retrieve=True)
        attrs = []
        for offset, attribute in enumerate(item.model.attributes.values(), 1):
            value = item.values.get(attribute.name)
            if value is None and attribute.type in _UNSET:
                shown = _UNSET[attribute.type]
            else:
                (shown,) = shapes.value(attribute, value).values() or (None,)
            attrs.append({"id": item.id + offset, "schema_id": attribute.id, "name": attribute.name, "value": shown})
        return {**data, "attrs": attrs}

    def _deliver(self) -> None:
        while (call := self._calls.get()) is not None:
            _post(*call)


def _post(hook: Hook, body: Any) -> bool:  # noqa: ANN401  (any JSON value)
    try:
        with requests.Session() as session:
            session.trust_env = False
            headers = dict(hook.headers)
            return session.post(hook.url, data=json.dumps(body).encode(), headers=headers, timeout=PATIENCE_S).ok
    except requests.RequestException:
        return False
