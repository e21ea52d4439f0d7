"""pagoda's webhook: a hint, for who knows the secret."""

import json
import socket
import time

import pytest
import requests

from fannel.directory.host_directory import HostDirectory
from fannel.directory.webhook import HEADER, MAX_BODY, Webhook, item_of

SECRET = "not-a-real-secret"
UPDATE = {"event": "entry.update", "user": "admin", "data": {"id": 57, "name": "rt01", "attrs": []}}


@pytest.fixture
def hook():
    hinted = []
    webhook = Webhook("127.0.0.1", 0, SECRET, hinted.append)
    webhook.hinted = hinted
    webhook.url = f"http://127.0.0.1:{webhook.start()}/"
    yield webhook
    webhook.stop()


def post(hook, body, secret=SECRET):
    with requests.Session() as session:
        session.trust_env = False
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return session.post(hook.url, data=data, headers={HEADER: secret}, timeout=5).status_code


def hinted(hook, count):
    deadline = time.monotonic() + 5
    while len(hook.hinted) < count and time.monotonic() < deadline:
        time.sleep(0.01)
    return hook.hinted


def test_a_change_is_a_hint_at_its_id(hook):
    assert post(hook, UPDATE) == 200
    assert hinted(hook, 1) == [57]


def test_pagodas_first_try_is_answered_and_means_nothing(hook):
    assert post(hook, {}) == 200
    assert post(hook, UPDATE) == 200
    assert hinted(hook, 1) == [57]


@pytest.mark.parametrize("secret", ["", "wrong", SECRET + "x"])
def test_without_the_secret_nobody_is_heard(hook, secret):
    assert post(hook, UPDATE, secret) == 403
    assert hook.hinted == []


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b'"57"', b'{"data": null}', b'{"data": {"id": "57"}}', b'{"data": {"id": true}}',
        b'{"data": {"id": -1}}', b"[" * 100_000, b"\xff\xfe",
    ],
)  # fmt: skip
def test_what_names_no_item_is_no_hint(hook, body):
    assert post(hook, body) == 200
    assert item_of(body) is None


def test_a_body_without_end_is_not_read(hook):
    assert post(hook, b" " * (MAX_BODY + 1)) == 200
    assert hook.hinted == []


def test_who_says_nothing_keeps_nobody_waiting(hook):
    idle = [socket.create_connection(("127.0.0.1", int(hook.url.rsplit(":", 1)[1][:-1]))) for _ in range(8)]
    assert post(hook, UPDATE) == 200
    for connection in idle:
        connection.close()


def test_it_gives_no_way_in_but_post(hook):
    with requests.Session() as session:
        session.trust_env = False
        assert session.get(hook.url, headers={HEADER: SECRET}, timeout=5).status_code == 501


def test_a_change_in_pagoda_is_known_within_seconds_through_its_webhook(lab, make_client):
    hosts = HostDirectory(make_client(lab.url), poll_s=600)
    webhook = Webhook("127.0.0.1", 0, SECRET, hosts.hint)
    url = f"http://127.0.0.1:{webhook.start()}/"
    hosts.start()
    try:
        assert hosts.wait_tried(5)
        model = lab.records.models["NetworkDevice"]
        headers = [{"header_key": HEADER, "header_value": SECRET}]
        lab.webhooks.register(model, [{"label": "fannel", "url": url, "headers": headers}])
        lab.records.put("NetworkDevice", "new.example.net", {"management_ip": "127.0.1.77"})
        deadline = time.monotonic() + 5
        while hosts.directory.find(["127.0.1.77"], 0).status != "found":
            assert time.monotonic() < deadline
            time.sleep(0.01)
    finally:
        hosts.stop()
        webhook.stop()
