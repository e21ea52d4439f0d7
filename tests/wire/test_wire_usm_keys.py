"""Keys from passwords: the vectors of the RFCs and drafts, all for "maplesyrup" at the RFC's example engine."""

import hashlib

import pytest

from fannel.wire.usm_keys import AuthProtocol, KeyExtension, PrivProtocol, cipher_key, localise, password_to_key

ENGINE_ID = bytes.fromhex("000000000000000000000002")
PASSWORD = b"maplesyrup"


@pytest.mark.parametrize(
    ("protocol", "ku", "kul"),
    [
        # RFC 3414 A.3.1 and A.3.2
        (AuthProtocol.MD5, "9faf3283884e92834ebc9847d8edd963", "526f5eed9fcce26f8964c2930787d82b"),
        (AuthProtocol.SHA1, "9fb5cc0381497b3793528939ff788d5d79145211", "6695febc9288e36282235fc7151f128497b38f3f"),
        # RFC 7860 §9.3 has no vectors; these are what implementations agreed on (beginnings of the longer ones)
        (AuthProtocol.SHA224, "282a5867ee9aac639ad59df9572c7d3a", "0bd8827c6e29f8065e08e09237f177e410f69b90"),
        (AuthProtocol.SHA256, "ab51014d1e077f6017df2b12bee5f5aa", "8982e0e549e866db361a6b625d84cccc11162d45"),
        (AuthProtocol.SHA384, "e06eccdf2c68a06ed034723c9c26e0db", "3b298f16164a11184279d5432bf169e2d2a48307"),
        (AuthProtocol.SHA512, "", "22a5a36cedfcc085807a128d7bc6c2382167ad6c"),
    ],
    ids=lambda value: value.value if isinstance(value, AuthProtocol) else "",
)
def test_a_password_becomes_the_published_keys(protocol, ku, kul):
    master = password_to_key(protocol, PASSWORD)
    assert master.hex().startswith(ku)
    localised = localise(protocol, master, ENGINE_ID)
    assert localised.hex().startswith(kul)
    assert len(master) == len(localised) == protocol.key_octets


@pytest.mark.parametrize(
    ("auth", "priv", "extension", "key"),
    [
        # draft-reeder-snmpv3-usm-3desede-00, appendix B.1 and B.2, of which an AES key is the beginning
        *(
            (AuthProtocol.MD5, priv, KeyExtension.REEDER, key)
            for priv, key in (
                (PrivProtocol.AES192, "526f5eed9fcce26f8964c2930787d82b79eff44a90650ee0"),
                (PrivProtocol.AES256, "526f5eed9fcce26f8964c2930787d82b79eff44a90650ee0a3a40abfac5acc12"),
            )
        ),
        (
            *(AuthProtocol.SHA1, PrivProtocol.AES256, KeyExtension.REEDER),
            "6695febc9288e36282235fc7151f128497b38f3f9b8b6d78936ba6e7d19dfd9c",
        ),
        # draft-blumenthal-aes-usm-04 §3.1.2.1: H(Kul) behind Kul
        (
            *(AuthProtocol.MD5, PrivProtocol.AES192, KeyExtension.BLUMENTHAL),
            "526f5eed9fcce26f8964c2930787d82bfa24a92467426c2f",
        ),
        (
            *(AuthProtocol.SHA1, PrivProtocol.AES192, KeyExtension.BLUMENTHAL),
            "6695febc9288e36282235fc7151f128497b38f3f505e07eb",
        ),
        # long enough: cut, whatever the extension
        (
            *(AuthProtocol.SHA1, PrivProtocol.AES128, KeyExtension.REEDER),
            "6695febc9288e36282235fc7151f1284",
        ),
        (AuthProtocol.SHA1, PrivProtocol.DES, KeyExtension.BLUMENTHAL, "6695febc9288e36282235fc7151f1284"),
    ],
)
def test_a_key_is_cut_or_extended_to_the_ciphers_length(auth, priv, extension, key):
    localised = localise(auth, password_to_key(auth, PASSWORD), ENGINE_ID)
    assert cipher_key(auth, priv, localised, ENGINE_ID, extension).hex() == key


def test_the_extension_does_not_matter_where_the_hash_is_long_enough():
    localised = localise(AuthProtocol.SHA256, password_to_key(AuthProtocol.SHA256, PASSWORD), ENGINE_ID)
    keys = {
        cipher_key(AuthProtocol.SHA256, PrivProtocol.AES256, localised, ENGINE_ID, extension)
        for extension in KeyExtension
    }
    assert keys == {localised}


def test_a_long_password_is_repeated_to_exactly_one_mebibyte():
    """A password that does not divide 2^20: the last repetition is cut."""
    password = b"123456789012345678901234567"
    expected = hashlib.sha256((password * 40_000)[: 2**20]).digest()
    assert password_to_key(AuthProtocol.SHA256, password) == expected
