"""The stand-in pagoda: the lab network, its keyword language beyond what was recorded, changes, and faults."""

import socket

import pytest
import requests

from fannel.lab.pagoda import LAB_TOKEN, Account, Fault, PagodaStandIn, Records, WrongData
from fannel.lab.pagoda.search import matcher

HEADERS = {"Authorization": f"Token {LAB_TOKEN}"}


@pytest.fixture
def lab():
    stand_in = PagodaStandIn()
    stand_in.url = stand_in.start()
    yield stand_in
    stand_in.stop()


@pytest.fixture
def http():
    with requests.Session() as session:
        session.trust_env = False
        session.headers.update(HEADERS)
        yield session


def search(http, lab, model, *, attrinfo=(), **body):
    given = {"entities": [lab.records.models[model].id], "attrinfo": list(attrinfo), "is_output_all": False, **body}
    answer = http.post(lab.url + "/entry/api/v2/advanced_search/", json=given, timeout=5)
    answer.raise_for_status()
    return answer.json()


def names(answer):
    return [row["entry"]["name"] for row in answer["values"]]


def test_the_lab_network_is_the_default(http, lab):
    assert len(names(search(http, lab, "NetworkDevice"))) == 6
    ports = search(http, lab, "Interface", attrinfo=[{"name": "peer"}, {"name": "if_index"}])
    peers = {row["entry"]["name"]: row["attrs"]["peer"]["value"]["as_named_object"] for row in ports["values"]}
    peer = peers["rt-tyo-01.example.net:GigabitEthernet0/1"]
    assert (peer["name"], peer["object"]["name"]) == ("GigabitEthernet0/0/0/0", "rt-osa-01.example.net")


def test_other_data_comes_from_a_file(tmp_path, http):
    path = tmp_path / "network.yml"
    path.write_text("devices: {r1: {management_ip: 192.0.2.1, interfaces: {eth0: {if_index: 1}}}}\n")
    lab = PagodaStandIn(path)
    lab.url = lab.start()
    try:
        assert names(search(http, lab, "NetworkDevice")) == ["r1"]
        assert names(search(http, lab, "Interface")) == ["r1:eth0"]
    finally:
        lab.stop()


@pytest.mark.parametrize(
    ("keyword", "text", "expected"),
    [
        ("core", "The Core Router", True),
        ("^core", "The Core", False),
        ("core$", "The Core", True),
        ("^the core$", "The Core", True),
        ("a|b", "xbx", True),
        ("a|b", "xcx", False),
        ("a&b", "xbxa", True),
        ("a&b", "xb", False),
        ("a&b|c", "c", True),
        (".", "x", False),
        ("r.1", "rt1", False),
        ("(", "f(x)", True),
        ("^127.0.1.1$", "127.0.1.10", False),
        ("^127.0.1.1$", "127x0x1x1", False),
    ],
)
def test_a_keyword_matches(keyword, text, expected):
    assert matcher(keyword)(text) is expected


@pytest.mark.parametrize(
    ("hint", "expected"),
    [
        ({"filter_key": 1}, ["b"]),
        ({"filter_key": 2}, ["a", "c"]),
        ({"filter_key": 0, "keyword": "x"}, ["a", "b", "c"]),
        ({"filter_key": 4, "keyword": "x"}, ["b", "c"]),
        ({"filter_key": 3, "keyword": "x"}, ["a"]),
    ],
)
def test_the_filters(http, lab, hint, expected):
    lab.records.add({"models": {"M": {"s": "string"}}, "items": {"M": {"c": {"s": "y"}, "a": {"s": "x"}, "b": {}}}})
    assert names(search(http, lab, "M", attrinfo=[{"name": "s", **hint}])) == expected


def test_a_join_without_a_referred_item_is_an_empty_text(http, lab):
    lab.records.put("NetworkDevice", "bare", {"management_ip": "192.0.2.1"})
    answer = search(
        http,
        lab,
        "NetworkDevice",
        attrinfo=[{"name": "management_ip", "filter_key": 3, "keyword": "^192.0.2.1$"}, {"name": "platform"}],
        join_attrs=[{"name": "platform", "attrinfo": [{"name": "ansible_network_os"}]}],
    )
    (row,) = answer["values"]
    assert row["attrs"]["platform.ansible_network_os"]["value"] == {"as_string": ""}


def test_a_keyword_on_a_join_shrinks_the_page_but_not_the_total(http, lab):
    answer = search(
        http,
        lab,
        "NetworkDevice",
        attrinfo=[{"name": "platform"}],
        join_attrs=[{"name": "platform", "attrinfo": [{"name": "ansible_network_os", "keyword": "^cisco.ios.ios$"}]}],
    )
    assert (names(answer), answer["count"], answer["total_count"]) == (["rt-tyo-01.example.net"], 1, 6)


def test_changes_show_newest_first_and_deleted_items_stay(http, lab):
    lab.records.put("Site", "Tokyo DC1", {"code": "NEW"})
    lab.records.delete("Site", "Osaka DC1")
    site = lab.records.models["Site"].id
    url = f"{lab.url}/entity/api/v2/{site}/entries/?ordering=-updated_time"
    everything = http.get(url, timeout=5).json()["results"]
    assert [item["is_active"] for item in everything] == [False, True]
    assert everything[0]["name"].startswith("Osaka DC1_deleted_")
    assert [item["name"] for item in http.get(url + "&is_active=true", timeout=5).json()["results"]] == ["Tokyo DC1"]
    deleted = http.get(f"{lab.url}/entry/api/v2/{everything[0]['id']}/", timeout=5)
    assert (deleted.status_code, deleted.json()["is_active"]) == (200, False)


def test_a_list_of_items_has_pages_of_thirty(http, lab):
    lab.records.add({"items": {"Site": {f"s{n:02d}": {} for n in range(40)}}})
    url = f"{lab.url}/entity/api/v2/{lab.records.models['Site'].id}/entries/"
    first = http.get(url, timeout=5).json()
    second = http.get(first["next"], timeout=5).json()
    assert (len(first["results"]), len(second["results"]), second["next"]) == (30, 12, None)
    assert second["previous"] is not None


def test_a_token_may_be_limited(http, lab):
    lab.accounts["other"] = Account(hidden_models=frozenset({"Interface"}))
    http.headers["Authorization"] = "Token other"
    assert search(http, lab, "Interface")["total_count"] == 0
    assert http.get(f"{lab.url}/entity/api/v2/{lab.records.models['Interface'].id}/", timeout=5).status_code == 403


@pytest.mark.parametrize(
    ("fault", "status"), [(Fault.ERROR_PAGE, 500), (Fault.BAD_GATEWAY, 502), (Fault.REDIRECT, 302), (Fault.EMPTY, 200)]
)
def test_faults_that_answer(http, lab, fault, status):
    lab.fault = fault
    answer = http.post(
        lab.url + "/entry/api/v2/advanced_search/",
        json={"entities": [1], "attrinfo": []},
        timeout=5,
        allow_redirects=False,
    )
    assert answer.status_code == status


@pytest.mark.parametrize("fault", [Fault.DROP, Fault.CUT])
def test_faults_that_break_the_connection(http, lab, fault):
    lab.fault = fault
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        http.get(lab.url + "/entity/api/v2/", timeout=5)


def test_half_a_json_text(http, lab):
    lab.fault = Fault.TRUNCATED
    with pytest.raises(requests.JSONDecodeError):
        http.get(lab.url + "/entity/api/v2/", timeout=5).json()


def test_a_slow_answer_does_not_hold_up_the_end(lab, http):
    lab.fault, lab.delay_s = Fault.SLOW, 60
    with pytest.raises(requests.Timeout):
        http.get(lab.url + "/entity/api/v2/", timeout=0.1)
    lab.stop()


def test_a_port_in_use_is_an_error():
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        PagodaStandIn().start(port=taken.getsockname()[1])


def test_it_can_stop_and_come_back_on_its_port(http, lab):
    port = int(lab.url.rpartition(":")[2])
    lab.stop()
    with pytest.raises(requests.ConnectionError):
        http.get(lab.url, timeout=5)
    assert lab.start(port=port) == lab.url
    assert search(http, lab, "NetworkDevice")["total_count"] == 6


def test_a_reference_to_an_unknown_name_is_left_empty(http):
    records = Records.from_yaml("models: {M: {o: {type: object, to: M}}}\nitems: {M: {a: {o: nobody}}}\n")
    lab = PagodaStandIn(records)
    lab.url = lab.start()
    try:
        (row,) = search(http, lab, "M", attrinfo=[{"name": "o"}])["values"]
        assert row["attrs"]["o"]["value"] == {"as_object": {"id": "", "name": ""}}
    finally:
        lab.stop()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("models: {M: {a: strnig}}", "M.a: no type strnig; there are: object, string"),
        ("models: {M: {a: string}}\nitems: {N: {x: {}}}", "x: no model N; there are: M"),
        ("models: {M: {a: string}}\nitems: {M: {x: {b: 1}}}", "x: M has no b; it has: a"),
        ("models: {M: {a: {type: select, choices: [u]}}}\nitems: {M: {x: {a: v}}}", "x: a cannot be v; only: u"),
    ],
)
def test_data_that_cannot_be_is_told_by_name(text, words):
    with pytest.raises(WrongData, match=words):
        Records.from_yaml(text)
