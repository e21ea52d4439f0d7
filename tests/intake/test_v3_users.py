"""SNMPv3 users of the settings as the wire knows them."""

from __future__ import annotations

from fannel.config import TrapUser
from fannel.intake.v3_users import usm_user
from fannel.wire.usm_keys import AuthProtocol, KeyExtension, PrivProtocol


def test_a_user_of_the_settings_is_the_user_of_the_wire():
    user = usm_user(
        TrapUser(
            name="noc",
            auth="sha512",
            auth_password="s3cret-auth-pw",
            priv="aes256",
            priv_password="s3cret-priv-pw",
            key_extension="reeder",
            engine_id="80001f880461",
            level="authNoPriv",
        )
    )
    assert (user.auth_protocol, user.priv_protocol) == (AuthProtocol.SHA512, PrivProtocol.AES256)
    assert (user.auth_password, user.priv_password) == ("s3cret-auth-pw", "s3cret-priv-pw")
    assert (user.key_extension, user.engine_id) == (KeyExtension.REEDER, bytes.fromhex("80001f880461"))
    assert user.least_level.name == "AUTH_NO_PRIV"
