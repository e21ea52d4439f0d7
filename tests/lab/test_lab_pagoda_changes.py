"""The stand-in takes changes over its API, and tells webhooks of them as the real pagoda did."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from fannel.lab.pagoda import LAB_TOKEN, Account, PagodaStandIn
from fannel.lab.pagoda.large import large_network


@pytest.fixture
def pagoda():
    stand_in = PagodaStandIn()
    stand_in.url = stand_in.start()
    yield stand_in
    stand_in.stop()


@pytest.fixture
def heard():
    """A server that hears webhooks: `heard.said` are (secret, body), `heard.next()` waits for one."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.server.said.append((self.headers.get("X-Fannel-Secret"), body))
            self.server.news.release()
            self.send_response(self.server.status)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.said, server.news, server.status = [], threading.Semaphore(0), 200
    server.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def following():
        assert server.news.acquire(timeout=5)
        return server.said[-1][1]

    server.next = following
    yield server
    server.shutdown()
    server.server_close()


def call(pagoda, method, path, body=None):
    with requests.Session() as session:
        session.trust_env = False
        headers = {"Authorization": f"Token {LAB_TOKEN}"}
        return session.request(method, pagoda.url + path, json=body, headers=headers, timeout=5)


def model_id(pagoda):
    return pagoda.records.models["NetworkDevice"].id


def attribute(pagoda, name):
    return pagoda.records.models["NetworkDevice"].attributes[name].id


def register(pagoda, heard):
    hook = {"label": "f", "url": heard.url, "headers": [{"header_key": "X-Fannel-Secret", "header_value": "s"}]}
    assert call(pagoda, "PUT", f"/entity/api/v2/{model_id(pagoda)}/", {"webhooks": [hook]}).status_code == 202
    return call(pagoda, "GET", f"/entity/api/v2/{model_id(pagoda)}/").json()["webhooks"][0]


def create(pagoda, name="rt50.example.net", address="127.0.1.50"):
    attrs = [{"id": attribute(pagoda, "management_ip"), "value": address}]
    return call(pagoda, "POST", f"/entity/api/v2/{model_id(pagoda)}/entries/", {"name": name, "attrs": attrs})


def test_an_item_is_made_changed_renamed_and_deleted(pagoda):
    assert create(pagoda).status_code == 202
    item = pagoda.records.named(["NetworkDevice"], "rt50.example.net")
    path = f"/entry/api/v2/{item.id}/"
    attrs = [{"id": attribute(pagoda, "management_ip"), "value": "127.0.1.51"}]
    assert call(pagoda, "PUT", path, {"attrs": attrs}).status_code == 202
    assert call(pagoda, "PUT", path, {"name": "rt51.example.net"}).status_code == 202
    shown = call(pagoda, "GET", path).json()
    assert (shown["name"], shown["is_active"]) == ("rt51.example.net", True)
    assert shown["attrs"][0]["value"] == {"as_string": "127.0.1.51"}
    assert call(pagoda, "DELETE", path).status_code == 204
    assert call(pagoda, "GET", path).json()["is_active"] is False


def test_what_pagoda_would_not_take_is_refused_in_its_words(pagoda):
    create(pagoda)
    twice = create(pagoda)
    assert twice.status_code == 400
    assert twice.json() == {
        "name": [{"message": "specified name(rt50.example.net) already exists", "code": "AE-220000"}]
    }
    bare = call(pagoda, "POST", f"/entity/api/v2/{model_id(pagoda)}/entries/", {"name": "rt51", "attrs": []})
    message = f"mandatory attrs id({attribute(pagoda, 'management_ip')}) is not specified"
    assert bare.json() == {"non_field_errors": [{"message": message, "code": "AE-113000"}]}


def test_a_read_only_account_changes_nothing(pagoda):
    pagoda.accounts[LAB_TOKEN] = Account(read_only=True)
    refused = create(pagoda)
    assert (refused.status_code, refused.json()["code"]) == (403, "AE-210000")
    assert pagoda.records.named(["NetworkDevice"], "rt50.example.net") is None


def test_a_webhook_is_tried_before_it_counts(pagoda, heard):
    assert register(pagoda, heard)["is_verified"] is True
    assert heard.said == [("s", {})]


def test_a_webhook_that_refuses_the_try_hears_nothing_more(pagoda, heard):
    heard.status = 500
    assert register(pagoda, heard)["is_verified"] is False
    create(pagoda)
    assert len(heard.said) == 1


def test_every_change_is_told_once_and_in_order(pagoda, heard):
    register(pagoda, heard)
    heard.next()
    create(pagoda)
    made = heard.next()
    assert (made["event"], made["data"]["name"]) == ("entry.create", "rt50.example.net")
    assert made["data"]["attrs"][0]["value"] == "127.0.1.50"
    path = f"/entry/api/v2/{made['data']['id']}/"
    call(pagoda, "PUT", path, {"name": "rt51.example.net"})
    assert heard.next()["event"] == "entry.update"
    call(pagoda, "DELETE", path)
    gone = heard.next()
    assert (gone["event"], gone["data"]["id"]) == ("entry.delete", made["data"]["id"])
    assert gone["data"]["attrs"] == []


def test_a_large_network_gives_every_device_four_addresses_of_its_own():
    records = large_network(500, interfaces=2)
    devices = records.active(records.models["NetworkDevice"])
    addresses = [a for d in devices for a in (d.values["management_ip"], *d.values["snmp_source_addresses"])]
    assert (len(devices), len(set(addresses))) == (500, 2000)
    assert len(records.active(records.models["Interface"])) == 1000
