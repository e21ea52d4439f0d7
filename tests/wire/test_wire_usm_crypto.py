"""HMAC and ciphers: the vectors of NIST and FIPS, OpenSSL's own modes as a second opinion, and wrong input."""

import hmac

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from hypothesis import given, settings
from hypothesis import strategies as st

try:  # where it is since cryptography 47
    from cryptography.hazmat.decrepit.ciphers.modes import CFB
except ImportError:
    from cryptography.hazmat.primitives.ciphers.modes import CFB

from fannel.wire.usm_crypto import AesCfb, Authenticator, DecryptionError, DesCbc, is_available, message_cipher, salt_of
from fannel.wire.usm_keys import AuthProtocol, PrivProtocol

# NIST SP 800-38A F.3: the IV is 00 01 … 0f, so boots, time and salt are its parts.
BOOTS, TIME, SALT = 0x00010203, 0x04050607, bytes(range(8, 16))
NIST_PLAIN = bytes.fromhex(
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
    "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
)


@pytest.mark.parametrize(
    ("key", "secret"),
    [
        (
            "2b7e151628aed2a6abf7158809cf4f3c",
            (
                "3b3fd92eb72dad20333449f8e83cfb4ac8a64537a0b3a93fcde3cdad9f1ce58b"
                "26751f67a3cbb140b1808cf187a4f4dfc04b05357c5d1c0eeac4c66f9ff7f2e6"
            ),
        ),
        (
            "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
            (
                "cdc80d6fddf18cab34c25909c99a417467ce7f7f81173621961a2b70171d3d7a"
                "2e1e8a1dd59b88b1c8e60fed1efac4c9c05f9f9ca9834fa042ae8fba584b09ff"
            ),
        ),
        (
            "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
            (
                "dc7e84bfda79164b7ecd8486985d386039ffed143b28b1c832113c6331e5407b"
                "df10132415e54b92a13ed0a8267ae2f975a385741ab9cef82031623d55b1e471"
            ),
        ),
    ],
    ids=["F.3.13 AES-128", "F.3.15 AES-192", "F.3.17 AES-256"],
)
def test_aes_is_the_standards_cfb128(key, secret):
    cipher = AesCfb(bytes.fromhex(key))
    assert cipher.encrypt(NIST_PLAIN, BOOTS, TIME, SALT).hex() == secret
    assert cipher.decrypt(bytes.fromhex(secret), BOOTS, TIME, SALT) == NIST_PLAIN


def test_des_is_the_standards_cbc():
    """FIPS 81, table C1; with a salt of zeros the IV is the key's second half."""
    cipher = DesCbc(bytes.fromhex("0123456789abcdef1234567890abcdef"))
    plain = b"Now is the time for all "
    secret = bytes.fromhex("e5c7cdde872bf27c43e934008c389c0f683788499a7c05f6")
    assert cipher.encrypt(plain, 1, 2, bytes(8)) == secret
    assert cipher.decrypt(secret, 1, 2, bytes(8)) == plain


def test_the_salt_of_des_changes_the_iv():
    cipher = DesCbc(bytes(range(16)))
    assert cipher.encrypt(bytes(8), 1, 1, bytes(8)) != cipher.encrypt(bytes(8), 1, 1, b"\x01" + bytes(7))


@settings(max_examples=100, deadline=None)
@given(plain=st.binary(max_size=100), key=st.sampled_from([16, 24, 32]), salt=st.binary(min_size=8, max_size=8))
def test_aes_of_any_length_is_what_openssl_makes_of_it(plain, key, salt):
    key = bytes(range(key))
    iv = (77).to_bytes(4, "big") + (123_456).to_bytes(4, "big") + salt
    run = Cipher(algorithms.AES(key), CFB(iv)).encryptor()
    secret = run.update(plain) + run.finalize()
    cipher = AesCfb(key)
    assert cipher.encrypt(plain, 77, 123_456, salt) == secret
    assert cipher.decrypt(secret, 77, 123_456, salt) == plain
    assert cipher.decrypt(secret, 77, 123_456, salt) == plain  # nothing is left over from the first time


@settings(max_examples=50, deadline=None)
@given(plain=st.binary(max_size=100), salt=st.binary(min_size=8, max_size=8))
def test_des_gives_back_what_went_in_and_zeros_to_the_end_of_the_block(plain, salt):
    cipher = DesCbc(bytes(range(16)))
    padded = plain + bytes(-len(plain) % 8)
    assert cipher.decrypt(cipher.encrypt(plain, 1, 2, salt), 1, 2, salt) == padded


@pytest.mark.parametrize("protocol", list(PrivProtocol))
@pytest.mark.parametrize("size", [0, 7, 9])
def test_a_salt_of_another_length_is_refused(protocol, size):
    cipher = message_cipher(protocol, bytes(protocol.key_octets))
    with pytest.raises(DecryptionError, match=f"salt of {size} octets"):
        cipher.decrypt(bytes(16), 1, 2, bytes(size))


def test_half_a_block_of_des_is_refused():
    with pytest.raises(DecryptionError, match="12 octets are no whole number"):
        DesCbc(bytes(16)).decrypt(bytes(12), 1, 2, bytes(8))


def test_salts_of_des_carry_the_boots_and_wrap_around():
    assert salt_of(PrivProtocol.DES, 0x01020304, 2**32 + 5).hex() == "0102030400000005"
    assert salt_of(PrivProtocol.AES128, 0x01020304, 2**64 + 5).hex() == "0000000000000005"


# --- authentication ---------------------------------------------------------------------------------------------

CODE_OCTETS = {"md5": 12, "sha1": 12, "sha224": 16, "sha256": 24, "sha384": 32, "sha512": 48}  # RFC 3414, RFC 7860


@pytest.mark.parametrize("protocol", list(AuthProtocol), ids=lambda protocol: protocol.value)
def test_a_code_is_the_hmac_cut_to_the_rfcs_length(protocol):
    key = bytes(range(protocol.key_octets))
    size = CODE_OCTETS[protocol.hash_name]
    authenticator = Authenticator(protocol, key)
    for message in (b"one", b"another", b"one"):
        assert authenticator.code(message) == hmac.digest(key, message, protocol.hash_name)[:size]


@pytest.mark.parametrize("protocol", list(AuthProtocol), ids=lambda protocol: protocol.value)
def test_a_code_is_verified_where_it_stands(protocol):
    authenticator = Authenticator(protocol, bytes(protocol.key_octets))
    size = authenticator.code_octets
    code = authenticator.code(b"head" + bytes(size) + b"tail")
    message = b"head" + code + b"tail"
    assert authenticator.verifies(message, 4, 4 + size)
    for at in range(len(message)):
        forged = message[:at] + bytes((message[at] ^ 1,)) + message[at + 1 :]
        assert not authenticator.verifies(forged, 4, 4 + size), at


@pytest.mark.parametrize("missing", [1, 4, 12])
def test_the_beginning_of_a_code_is_not_enough(missing):
    """A sender who may choose the length could guess one octet."""
    authenticator = Authenticator(AuthProtocol.MD5, bytes(16))
    size = 12 - missing
    code = authenticator.code(b"head" + bytes(size) + b"tail")[:size]
    assert not authenticator.verifies(b"head" + code + b"tail", 4, 4 + size)


@pytest.mark.parametrize("protocol", [*AuthProtocol, *PrivProtocol])
def test_every_protocol_is_available_where_these_tests_run(protocol):
    assert is_available(protocol)


def test_a_protocol_openssl_refuses_is_not_available(monkeypatch):
    def refuse(key):
        raise UnsupportedAlgorithm("no DES in FIPS mode")

    monkeypatch.setattr("fannel.wire.usm_crypto.TripleDES", refuse)
    assert not is_available.__wrapped__(PrivProtocol.DES)
    assert is_available.__wrapped__(PrivProtocol.AES128)


def test_no_repr_shows_a_key():
    key = b"very-secret-key!"
    for holder in (Authenticator(AuthProtocol.MD5, key), AesCfb(key), DesCbc(key)):
        assert "secret" not in repr(holder)
