"""Who is a user, which one a message names, and that nobody reads a secret of it."""

import ipaddress

import pytest

from fannel.wire.usm import SecurityLevel, UserBook, UserError, UsmUser
from fannel.wire.usm_crypto import Authenticator
from fannel.wire.usm_keys import AuthProtocol, KeyExtension, PrivProtocol, localise, password_to_key

ENGINE, OTHER = b"engine-1", b"engine-2"
SECRETS = {"auth_password": "s3cret-auth-pw", "priv_password": "s3cret-priv-pw"}
PROTOCOLS = {"auth_protocol": AuthProtocol.SHA256, "priv_protocol": PrivProtocol.AES128}


def networks(*texts: str) -> tuple:
    return tuple(ipaddress.ip_network(text) for text in texts)


def user(name="lab", **changes) -> UsmUser:
    return UsmUser(name, **PROTOCOLS | SECRETS | {"sources": networks("192.0.2.0/24")} | changes)


class TestWhatCannotBe:
    @pytest.mark.parametrize(
        ("changes", "problem"),
        [
            ({"name": ""}, "1 to 32 octets"),
            ({"name": "ü" * 17}, "1 to 32 octets"),
            ({"auth_protocol": None, "auth_password": None}, "priv_protocol needs auth_protocol"),
            ({"auth_password": None}, "auth_password or auth_key"),
            ({"auth_key": bytes(32), "engine_id": ENGINE}, "auth_password or auth_key, one of them"),
            ({"auth_password": "s3cret7"}, "auth_password has less than 8"),
            ({"priv_password": "s3cret7"}, "priv_password has less than 8"),
            ({"priv_protocol": None}, "a secret without priv_protocol"),
            ({"auth_password": None, "auth_key": bytes(32)}, "engine_id is missing"),
            ({"auth_password": None, "auth_key": bytes(31), "engine_id": ENGINE}, "auth_key has 31 octets, not 32"),
            ({"priv_password": None, "priv_key": bytes(15), "engine_id": ENGINE}, "has 15 octets, not 16 or 32"),
            ({"sources": ()}, "needs an engine_id, or sources"),
            ({"engine_id": b"four"}, "an engine id has 5 to 32"),
            (
                {"priv_protocol": None, "priv_password": None, "minimum_level": SecurityLevel.AUTH_PRIV},
                "needs protocols the user does not have",
            ),
        ],
    )
    def test_is_said_by_name_and_without_the_secret(self, changes, problem):
        with pytest.raises(UserError, match=problem) as caught:
            user(**changes)
        assert "s3cret" not in str(caught.value)
        assert repr(changes.get("name", "lab"))[:40] in str(caught.value)

    @pytest.mark.parametrize(
        "both",
        [
            [user(engine_id=ENGINE), user(engine_id=ENGINE, key_extension=KeyExtension.REEDER)],
            [user(), user(sources=networks("198.51.100.0/24", "192.0.2.0/24"))],
        ],
        ids=["same engine", "same network"],
    )
    def test_two_users_that_nobody_could_tell_apart(self, both):
        with pytest.raises(UserError, match="is there twice"):
            UserBook(both)


@pytest.mark.parametrize("forbidden", [AuthProtocol.SHA256, PrivProtocol.AES128])
def test_what_openssl_does_not_allow_is_said_before_the_first_message(monkeypatch, forbidden):
    monkeypatch.setattr("fannel.wire.usm.is_available", lambda protocol: protocol is not forbidden)
    with pytest.raises(UserError, match=f"does not allow {forbidden.value}"):
        UserBook([user()])


def test_the_minimum_is_what_the_protocols_allow_unless_it_is_said():
    assert user().least_level is SecurityLevel.AUTH_PRIV
    assert user(priv_protocol=None, priv_password=None).least_level is SecurityLevel.AUTH_NO_PRIV
    assert user(minimum_level=SecurityLevel.AUTH_NO_PRIV).least_level is SecurityLevel.AUTH_NO_PRIV
    assert UsmUser("open", sources=networks("192.0.2.0/24")).least_level is SecurityLevel.NO_AUTH_NO_PRIV


def test_a_repr_shows_no_secret():
    bound = user(auth_password=None, auth_key=b"s3cret-key-of-thirty-two-octets!", engine_id=ENGINE)
    assert "s3cret" not in repr(user()) + repr(bound) + repr(UserBook([user(), bound]))


class TestFinding:
    def test_a_bound_user_serves_its_engine_from_anywhere(self):
        bound = user(engine_id=ENGINE, sources=())
        book = UserBook([bound])
        assert book.find(b"lab", ENGINE, "203.0.113.9") is bound
        assert book.find(b"lab", OTHER, "203.0.113.9") is None

    def test_a_bound_user_may_be_held_to_networks_as_well(self):
        book = UserBook([user(engine_id=ENGINE)])
        assert book.find(b"lab", ENGINE, "192.0.2.7") is not None
        assert book.find(b"lab", ENGINE, "203.0.113.9") is None

    def test_any_engine_may_use_a_user_within_its_networks_and_nowhere_else(self):
        book = UserBook([user(sources=networks("192.0.2.0/24", "2001:db8::/32"))])
        for source in ("192.0.2.1", "192.0.2.255", "2001:db8::1", "::ffff:192.0.2.1"):
            assert book.find(b"lab", OTHER, source) is not None, source
        for source in ("192.0.3.1", "2001:db9::1", "::ffff:192.0.3.1", "::1"):
            assert book.find(b"lab", OTHER, source) is None, source

    def test_the_narrowest_network_wins_whatever_the_order(self):
        wide, narrow = user(sources=networks("192.0.0.0/16")), user(sources=networks("192.0.2.0/30"))
        for order in ([wide, narrow], [narrow, wide]):
            book = UserBook(order)
            assert book.find(b"lab", ENGINE, "192.0.2.1") is narrow
            assert book.find(b"lab", ENGINE, "192.0.2.4") is wide

    def test_a_bound_user_goes_before_one_of_a_network(self):
        bound, other = user(engine_id=ENGINE), user()
        book = UserBook([other, bound])
        assert book.find(b"lab", ENGINE, "192.0.2.1") is bound
        assert book.find(b"lab", OTHER, "192.0.2.1") is other

    def test_names_are_compared_octet_for_octet(self):
        book = UserBook([user("lab"), user("lüb")])
        assert book.find("lüb".encode(), ENGINE, "192.0.2.1").name == "lüb"
        assert book.find(b"Lab", ENGINE, "192.0.2.1") is None
        assert book.find(b"l\xffb", ENGINE, "192.0.2.1") is None


class TestKeys:
    def test_a_localised_key_is_what_the_password_becomes(self):
        by_password = user(engine_id=ENGINE)
        keys = {
            f"{which}_key": localise(
                AuthProtocol.SHA256,
                password_to_key(AuthProtocol.SHA256, SECRETS[f"{which}_password"].encode()),
                ENGINE,
            )
            for which in ("auth", "priv")
        }
        by_key = user(engine_id=ENGINE, auth_password=None, priv_password=None, **keys)
        cut = user(
            engine_id=ENGINE,
            auth_password=None,
            priv_password=None,
            auth_key=keys["auth_key"],
            priv_key=keys["priv_key"][:16],
        )
        codes, secrets = set(), set()
        for one in (by_password, by_key, cut):
            book = UserBook([one])
            codes.add(book.authenticator(one, ENGINE).code(b"message"))
            secrets.add(book.cipher(one, ENGINE).encrypt(b"scopedPDU", 1, 2, bytes(8)))
        assert len(codes) == len(secrets) == 1

    def test_the_key_of_another_engine_is_another_key(self):
        book = UserBook([user()])
        codes = {book.authenticator(user(), engine).code(b"message") for engine in (ENGINE, OTHER)}
        assert len(codes) == 2

    def test_the_costly_step_is_taken_once_per_password(self, monkeypatch):
        taken = []

        def counted(protocol, password):
            taken.append(password)
            return password_to_key(protocol, password)

        monkeypatch.setattr("fannel.wire.usm.password_to_key", counted)
        book = UserBook([user()])
        for n in range(50):
            book.authenticator(user(), b"engine-%d" % n)
            book.cipher(user(), b"engine-%d" % n)
        assert sorted(taken) == [b"s3cret-auth-pw", b"s3cret-priv-pw"]

    def test_a_user_without_protocols_has_no_keys(self):
        plain = UsmUser("open", sources=networks("192.0.2.0/24"))
        book = UserBook([plain])
        assert (book.authenticator(plain, ENGINE), book.cipher(plain, ENGINE)) == (None, None)

    def test_a_password_is_its_utf_8(self):
        japanese = user(auth_password="回線が落ちた", priv_protocol=None, priv_password=None)
        key = localise(AuthProtocol.SHA256, password_to_key(AuthProtocol.SHA256, "回線が落ちた".encode()), ENGINE)
        expected = Authenticator(AuthProtocol.SHA256, key).code(b"message")
        assert UserBook([japanese]).authenticator(japanese, ENGINE).code(b"message") == expected
