"""What tests of the recorded pagoda share: a recorded request made again, and answers made comparable."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import requests

RECORDED = Path(__file__).parents[1] / "directory" / "recorded"
ROOT, NETBOT, READONLY = "root-token", "netbot-token", "readonly-token"
TOKENS = {"<TOKEN>": ROOT, "<NETBOT_TOKEN>": NETBOT, "<READONLY_TOKEN>": READONLY}


def replay(url: str, request: dict[str, Any]) -> requests.Response:
    headers = dict(request["headers"])
    for name, token in TOKENS.items():
        if "Authorization" in headers:
            headers["Authorization"] = headers["Authorization"].replace(name, token)
    body = request["body"]
    data = body.encode() if isinstance(body, str) else None if body is None else json.dumps(body).encode()
    with requests.Session() as session:
        session.trust_env = False
        return session.request(
            request["method"], url + request["url"], headers=headers, data=data, timeout=10, allow_redirects=False
        )


def comparable(body: Any) -> Any:
    """The body without times, and with an item list in a fixed order."""
    if isinstance(body, list):
        return [comparable(item) for item in body]
    if not isinstance(body, dict):
        return body
    out = {key: comparable(value) for key, value in body.items() if key != "updated_time"}
    if "updated_time" in str(body.get("results")):
        out["results"] = sorted(out["results"], key=lambda item: item["id"])
    return out
