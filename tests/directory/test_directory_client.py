"""PagodaClient over real HTTP, against the stand-in and its faults."""

import contextlib
import json
import socket
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import certifi
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fannel.directory.client import PAGE, Model, PagodaClient, Where, exact_keywords, exactly
from fannel.directory.errors import (
    AttributeMissing,
    ModelMissing,
    PagodaAuthError,
    PagodaError,
    PagodaFailed,
    PagodaTimeout,
    PagodaUnreachable,
    PermissionDenied,
    TokenExpired,
    UnexpectedAnswer,
    Unsearchable,
)
from fannel.directory.reader import Reader
from fannel.directory.transport import CALLS_AT_ONCE, Timeouts
from fannel.lab.pagoda import LAB_TOKEN, Account, Fault
from fannel.lab.pagoda.api import Answer

NAMES = ("management_ip", "platform.ansible_network_os")


def many(lab, count):
    lab.records.add({"items": {"Site": {f"site-{n:05d}": {} for n in range(count)}}})


def test_a_model_is_found_by_its_exact_name(lab, client):
    lab.records.add({"models": {"NetworkDeviceOld": {"management_ip": "string"}}})
    model = client.model("NetworkDevice")
    assert model.name == "NetworkDevice"
    assert {"management_ip", "snmp_source_addresses", "platform"} <= set(model.attributes)


def test_a_missing_model_is_told_with_its_neighbours(client):
    with pytest.raises(ModelMissing, match='no model "Device"; near it: NetworkDevice'):
        client.model("Device")


def test_a_missing_attribute_is_told_with_what_there_is(client):
    with pytest.raises(AttributeMissing, match='"NetworkDevice" has no attribute "mgmt"; it has: management_ip'):
        client.model("NetworkDevice").attribute("mgmt")


def test_a_search_returns_own_and_joined_attributes(client):
    where = Where(attributes={"management_ip": exactly(["127.0.1.2"])})
    page = client.search(client.model("NetworkDevice"), NAMES, where=where, limit=2)
    (item,) = page.items
    assert (item.name, page.total) == ("rt-osa-01.example.net", 1)
    assert item.attributes["platform.ansible_network_os"] == "cisco.iosxr.iosxr"


def test_a_keyword_is_anchored():
    assert exactly(["192.0.2.1", "192.0.2.2"]) == "^192.0.2.1$|^192.0.2.2$"


@pytest.mark.parametrize("value", ["", "a|b", "a&b", "a\\b", "^a", "a$", "*", "a\nb", "x" * 248])
def test_what_pagoda_cannot_be_asked_exactly_is_not_asked(value):
    with pytest.raises(Unsearchable):
        exactly([value])


def test_many_values_become_few_keywords_within_the_limit():
    values = [f"router-{n:03d}.example.net" for n in range(50)]
    keywords = exact_keywords(values)
    assert [part for keyword in keywords for part in keyword.split("|")] == [f"^{value}$" for value in values]
    assert all(len(keyword) <= 249 for keyword in keywords)
    assert len(keywords) < 7


@pytest.mark.parametrize("where", [Where(name=""), Where(attributes={"management_ip": ""})])
def test_an_empty_keyword_is_never_sent(lab, client, where):
    model = client.model("NetworkDevice")
    before = len(lab.calls)
    with pytest.raises(Unsearchable):
        client.search(model, NAMES, where=where)
    assert len(lab.calls) == before


def test_a_long_list_is_read_in_pages(lab, client):
    many(lab, 2 * PAGE + 5)
    items = client.items(client.model("Site"), ["code"])
    assert len({item.id for item in items}) == 2 * PAGE + 7
    searches = [call.body["entry_offset"] for call in lab.calls if call.path.endswith("/advanced_search/")]
    assert searches == [0, PAGE, 2 * PAGE]


def test_a_list_that_moves_is_read_again_and_loses_nobody(lab, client):
    many(lab, PAGE + 5)
    deleted = []
    answer = lab.answer

    def delete_between_pages(request):
        if b'"entry_offset": 1000' in request.body and not deleted:
            deleted.append("site-00000")
            lab.records.delete("Site", "site-00000")
        return answer(request)

    lab.answer = delete_between_pages
    names = {item.name for item in client.items(client.model("Site"), ["code"])}
    assert deleted
    assert {f"site-{n:05d}" for n in range(1, PAGE + 5)} <= names


def test_half_a_list_is_not_taken_for_all_of_it(lab, client):
    many(lab, PAGE + 5)
    model, answer = client.model("Site"), lab.answer

    def no_second_page(request):
        given = answer(request)
        if b'"entry_offset": 1000' in request.body:
            given.body["values"] = []
        return given

    lab.answer = no_second_page
    with pytest.raises(UnexpectedAnswer, match=r"lists 1007 items .* hands out only 1000"):
        client.items(model, ["code"])


def test_nobody_listening_is_unreachable(make_client):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    with pytest.raises(PagodaUnreachable, match="Connection refused"):
        make_client(url).model("NetworkDevice")


@pytest.mark.parametrize("fault", [Fault.DROP, Fault.BAD_GATEWAY, Fault.CUT])
def test_what_may_pass_is_tried_again(lab, make_client, fault):
    lab.fault = fault
    pauses = []

    def heal_after_two(pause_s):
        pauses.append(pause_s)
        if len(pauses) == 2:
            lab.fault = Fault.NONE

    assert make_client(lab.url, sleep=heal_after_two).model("NetworkDevice").name == "NetworkDevice"
    assert len(pauses) == 2


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        (Fault.DROP, PagodaUnreachable, "cannot be reached"),
        (Fault.BAD_GATEWAY, PagodaUnreachable, "answered 502"),
        (Fault.ERROR_PAGE, PagodaFailed, "answered 500: OperationalError at /entity"),
        (Fault.TRUNCATED, UnexpectedAnswer, "bytes that are not JSON"),
        (Fault.REDIRECT, UnexpectedAnswer, "redirect to https://elsewhere.example.net/"),
    ],
)
def test_a_lasting_failure_is_told_by_its_type(lab, client, fault, error, words):
    lab.fault = fault
    with pytest.raises(error, match=words):
        client.model("NetworkDevice")


@pytest.mark.parametrize("fault", [Fault.ERROR_PAGE, Fault.TRUNCATED, Fault.REDIRECT])
def test_what_will_not_pass_is_not_tried_again(lab, client, fault):
    lab.fault = fault
    with pytest.raises((PagodaFailed, UnexpectedAnswer)):
        client.model("NetworkDevice")
    assert len(lab.calls) == 1


def test_a_slow_answer_is_a_time_out_and_not_tried_again(lab, make_client):
    lab.fault, lab.delay_s = Fault.SLOW, 60
    with pytest.raises(PagodaTimeout, match=r"more than 0\.2 s"):
        make_client(lab.url, timeouts=Timeouts(lookup_s=0.2)).model("NetworkDevice")
    assert len(lab.calls) == 1


@pytest.fixture
def dripping():
    """A server that sends an endless answer, one byte now and then: no socket time-out ever fires."""
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(5)

        def serve():
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
                while not stop.wait(0.05):
                    try:
                        connection.sendall(b" ")
                    except OSError:
                        return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        stop.set()
        thread.join(5)


def test_an_answer_that_stops_in_the_middle_is_a_time_out(make_client):
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        held = []

        def half():
            connection, _ = server.accept()
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
            held.append(connection)

        thread = threading.Thread(target=half, daemon=True)
        thread.start()
        with pytest.raises(PagodaTimeout, match="stopped in the middle"):
            make_client(url, timeouts=Timeouts(lookup_s=0.2)).model("NetworkDevice")
        thread.join(5)
        held[0].close()


def test_an_answer_that_trickles_ends_by_its_time_limit(dripping, make_client):
    started = time.monotonic()
    with pytest.raises(PagodaTimeout, match="had not finished"):
        make_client(dripping, timeouts=Timeouts(lookup_s=0.5)).model("NetworkDevice")
    assert time.monotonic() - started < 3


@pytest.mark.parametrize(
    ("account", "error", "words"),
    [
        (None, PagodaAuthError, "Invalid token"),
        (Account(expired=True), TokenExpired, "token_lifetime"),
        (Account(hidden_models=frozenset({"NetworkDevice"})), PermissionDenied, "permission"),
    ],
)
def test_a_refusal_is_told_by_its_code_and_not_tried_again(lab, make_client, account, error, words):
    token = "secret-0123456789"
    if account is not None:
        lab.accounts[token] = account
    with pytest.raises(error, match=words) as caught:
        make_client(lab.url, token).model("NetworkDevice")
    assert token not in str(caught.value)
    assert len([call for call in lab.calls if call.path.startswith("/entity/api/v2/")]) <= 2


@pytest.mark.parametrize("token", ["", "   ", "two words", "tök", "line\nbreak"])
def test_a_token_that_cannot_be_one_is_an_error_of_every_call_and_is_not_shown(lab, make_client, token):
    client = make_client(lab.url, token)
    with pytest.raises(PagodaAuthError) as caught:
        client.model("NetworkDevice")
    assert not token.strip() or token not in str(caught.value)
    assert lab.calls == []


@pytest.mark.parametrize(
    "url", ["", "pagoda.example.net", "ftp://pagoda", "http://", "http://me:pass@pagoda", "http://[::1", "http://h?x=1"]
)
def test_a_url_that_cannot_be_one_is_an_error_of_every_call(url):
    with pytest.raises(UnexpectedAnswer, match="pagoda's URL") as caught:
        PagodaClient(url, LAB_TOKEN).model("NetworkDevice")
    assert "pass" not in str(caught.value).replace("password", "")


def test_something_else_than_pagoda_is_told(lab, client):
    lab.answer = lambda request: Answer(200, {"hello": "world"})
    with pytest.raises(UnexpectedAnswer, match='no list "results"'):
        client.model("NetworkDevice")


def test_a_netrc_entry_does_not_replace_the_token(lab, make_client, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login eve password eve\n")
    monkeypatch.setenv("NETRC", str(netrc))
    client = make_client(lab.url)
    client._transport._session.trust_env = True
    assert client.model("Site").name == "Site"


def test_a_proxy_is_not_used_for_loopback(lab, make_client, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert make_client(lab.url).model("Site").name == "Site"


def test_no_more_than_four_calls_are_under_way(lab, make_client):
    lab.fault, lab.delay_s = Fault.SLOW, 0.1
    busy, most, lock, answer = [0], [0], threading.Lock(), lab.answer

    def counting(request):
        with lock:
            busy[0] += 1
            most[0] = max(most[0], busy[0])
        try:
            return answer(request)
        finally:
            with lock:
                busy[0] -= 1

    lab.answer = counting
    client = make_client(lab.url)
    threads = [threading.Thread(target=client.model_by_id, args=(1,)) for _ in range(3 * CALLS_AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most[0] == CALLS_AT_ONCE


@pytest.fixture
def https_lab(lab, tmp_path):
    """The stand-in behind TLS, with a certificate of its own making: (URL, CA file)."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "pagoda.pem"
    pem.write_bytes(
        certificate.public_bytes(Encoding.PEM) + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    lab._server.socket = context.wrap_socket(lab._server.socket, server_side=True)
    return lab.url.replace("http:", "https:"), pem


def test_a_certificate_of_the_configured_authority_is_trusted(https_lab, make_client, monkeypatch):
    url, ca_file = https_lab
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", certifi.where())
    assert make_client(url, ca_file=ca_file).model("Site").name == "Site"


def test_any_other_certificate_is_refused_before_the_token_is_sent(lab, https_lab, make_client):
    with pytest.raises(PagodaUnreachable, match="TLS failed"):
        make_client(https_lab[0]).model("Site")
    assert lab.calls == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
RECORDED = Path(__file__).parent / "recorded"
MODEL, DEVICES, INTERFACES = (
    json.loads((RECORDED / f"{case}.json").read_text())["response"]["body"]
    for case in ("011-model-detail", "02e-lookup-join-platform", "02f-interfaces-of-device")
)


def spoil(document, data):
    """A copy of `document` with one place in it, drawn at random, replaced by any JSON."""
    if not isinstance(document, dict | list) or not document or data.draw(st.integers(0, 5)) == 0:
        return data.draw(JSON)
    keys = list(document) if isinstance(document, dict) else range(len(document))
    chosen = data.draw(st.sampled_from(keys))
    changed = spoil(document[chosen], data)
    if isinstance(document, dict):
        return {**document, chosen: changed}
    return [*document[:chosen], changed, *document[chosen + 1 :]]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), which=st.sampled_from(["model", "devices", "interfaces"]))
def test_whatever_json_comes_back_only_typed_errors_come_out(make_client, data, which):
    client = make_client("http://127.0.0.1:9")
    sound = {"model": MODEL, "devices": DEVICES, "interfaces": INTERFACES}[which]
    spoilt = spoil(sound, data)
    client._transport.call = lambda *_, **__: spoilt
    reader = Reader(client)
    reader._models = dict.fromkeys(("NetworkDevice", "Interface"), Model(37, "x", {}))
    ask = {"model": lambda: client.model_by_id(37), "devices": reader.devices, "interfaces": reader.interfaces}[which]
    with contextlib.suppress(PagodaError):
        ask()


def test_the_answers_that_are_spoilt_above_are_sound_before(make_client):
    client = make_client("http://127.0.0.1:9")
    client._transport.call = lambda *_, **__: {**INTERFACES, "total_count": 4}
    reader = Reader(client)
    reader._models = {"Interface": Model(477, "Interface", {})}
    assert len(reader.interfaces()[57]) == 4


@pytest.mark.parametrize("total", [10**12, 500_001])
def test_a_list_longer_than_pagoda_can_page_is_not_begun(lab, client, total):
    model = client.model("Site")
    row = {"entity": {"id": 1, "name": "Site"}, "entry": {"id": 1, "name": "x"}, "attrs": {}}
    lab.answer = lambda _: Answer(200, {"count": 1, "values": [row], "total_count": total})
    with pytest.raises(UnexpectedAnswer, match="more than the 500000"):
        client.items(model, ["code"])


def test_json_nested_beyond_reason_is_not_taken(lab, client):
    lab.answer = lambda _: Answer(200, "[" * 200_000, html=True)
    with pytest.raises(UnexpectedAnswer, match="not JSON"):
        client.model("Site")
