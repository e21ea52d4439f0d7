"""The stand-in takes recorded changes, and tells of them by webhook, as the real pagoda did.

`recorded_writes/*.json` are requests and responses of pagoda 3.73 in the order they were made, on what
`recorded/world.yml` holds; `079-webhook-deliveries.json` is what pagoda sent meanwhile. Compared as in
test_recorded_contract, and without what names the person and the moment of a deletion.
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from pagoda_recorded import NETBOT, READONLY, RECORDED, ROOT, comparable, replay

from fannel.directory.webhook import item_of
from fannel.lab.pagoda import Account, PagodaStandIn, Records

WRITES = Path(__file__).parent / "recorded_writes"
DELIVERIES = "079-webhook-deliveries"
# The recorded pagoda had made other things meanwhile; its next item was number 1185.
NEXT_ITEM = 1185
OF_ITS_TIME = ("deleted_time", "deleted_user")


def recorded(case: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((WRITES / f"{case}.json").read_text())
    return found


CASES = sorted(path.stem for path in WRITES.glob("*.json") if path.stem != DELIVERIES)


class Listener:
    """Where pagoda's webhooks arrive: takes note of everything, answers 200."""

    def __init__(self) -> None:
        self.deliveries: list[dict[str, Any]] = []
        self.arrived = threading.Condition()
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()
                with listener.arrived:
                    listener.deliveries.append({"path": self.path, "headers": dict(self.headers), "body": body})
                    listener.arrived.notify_all()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def wait_for(self, count: int) -> list[dict[str, Any]]:
        with self.arrived:
            self.arrived.wait_for(lambda: len(self.deliveries) >= count, 10)
            return list(self.deliveries)

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def replayed():
    """Every case's answer, and what arrived by webhook; all cases once, in their order."""
    listener = Listener()
    stand_in = PagodaStandIn(Records.from_yaml((RECORDED / "world.yml").read_text()))
    stand_in.accounts.update({ROOT: Account(), NETBOT: Account(), READONLY: Account(read_only=True)})
    stand_in.records._last_id = NEXT_ITEM - 1
    url = stand_in.start()
    answers = {}
    for case in CASES:
        request = json.loads(
            json.dumps(recorded(case)["request"]).replace("127.0.0.1:35595", f"127.0.0.1:{listener.port}")
        )
        answers[case] = replay(url, request)
    yield answers, listener.wait_for(len(recorded(DELIVERIES)["deliveries"]))
    stand_in.stop()
    listener.stop()


def of_any_time(body: Any) -> Any:
    """What stays of an answer when nobody looks at the clock."""
    if isinstance(body, list):
        return [of_any_time(one) for one in body]
    if not isinstance(body, dict):
        return body
    out = {key: of_any_time(value) for key, value in comparable(body).items() if key not in OF_ITS_TIME}
    if "_deleted_" in str(out.get("name")):
        out["name"] = out["name"].partition("_deleted_")[0] + "_deleted_"
    if "webhooks" in out:
        out["webhooks"] = [{key: value for key, value in hook.items() if key != "url"} for hook in out["webhooks"]]
    return out


@pytest.mark.parametrize("case", CASES)
def test_a_change_is_answered_as_pagoda_did(replayed, case):
    answers, _ = replayed
    expected = recorded(case)["response"]
    assert answers[case].status_code == expected["status"], answers[case].text
    if expected["body"]:
        assert of_any_time(answers[case].json()) == of_any_time(expected["body"])
    else:
        assert answers[case].text == ""


def test_pagodas_webhooks_are_delivered_as_pagoda_did(replayed):
    _, delivered = replayed
    expected = recorded(DELIVERIES)["deliveries"]
    assert [of_any_time(one["body"]) for one in delivered] == [of_any_time(one["body"]) for one in expected]
    for one, other in zip(delivered, expected, strict=True):
        assert one["path"] == other["path"]
        own = {"Host", "User-Agent", "Accept-Encoding", "Content-Length"}
        assert {k: v for k, v in one["headers"].items() if k not in own} == {
            k: v for k, v in other["headers"].items() if k not in own
        }


def test_every_recorded_delivery_is_the_hint_it_should_be():
    bodies = [json.dumps(one["body"]).encode() for one in recorded(DELIVERIES)["deliveries"]]
    assert [item_of(body) for body in bodies] == [None, *[NEXT_ITEM] * 4]
