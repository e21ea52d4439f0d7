import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fannel.checks.redact import complaint, redact

EOS_ENABLE = (
    "unable to elevate privilege to enable mode, at prompt [b'\\nleaf-tyo-01>'] with error: "
    "b'enable\\r\\nPassword: wrong-enable-9Z\\r\\n% Bad secret\\r\\nleaf-tyo-01>'"
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "b\"show rubbish\\r\\n        ^\\r\\n% Invalid input detected at '^' marker.\\r\\n\\r\\nrt1#\"",
            "% Invalid input detected at '^' marker.",
        ),
        (
            "b'show rubbish\\r\\n        ^\\r\\nunknown command.\\r\\n\\r\\n{master:0}\\r\\nadmin@ex> '",
            "unknown command.",
        ),
        (EOS_ENABLE, "unable to elevate privilege to enable mode: % Bad secret"),
        (
            (
                "failed to elevate privilege to enable mode, at prompt [None] with error: "
                "For matched prompt 'b'\\nPassword: '', answer is not valid"
            ),
            "failed to elevate privilege to enable mode",
        ),
        (
            "ssh connection failed: ssh connect failed: Connection refused",
            "ssh connection failed: ssh connect failed: Connection refused",
        ),
        (
            (
                "ssh connection failed: Failed to authenticate with password: Access denied for 'password'. "
                "Authentication that can continue: password"
            ),
            (
                "ssh connection failed: Failed to authenticate with password: Access denied for 'password'. "
                "Authentication that can continue: password"
            ),
        ),
        (
            "command timeout triggered, timeout value is 30 secs.\nSee the timeout setting options in the Guide.",
            "command timeout triggered, timeout value is 30 secs.",
        ),
        ("", "no reason given"),
        ("b''", "no reason given"),
    ],
)
def test_a_complaint_should_be_one_readable_line(text, expected):
    assert complaint(text) == expected


def test_a_secret_should_be_gone_even_where_nothing_marks_it():
    assert redact("sent hunter22-x and got nothing", ["hunter22-x"]) == "sent [redacted] and got nothing"


@pytest.mark.parametrize("secret", ["back\\slash'quote", "päss wörd\t1", "a\"b'c", "new\nline-secret"])
def test_a_secret_should_be_gone_from_a_quoted_screen_too(secret):
    for text in (f"got {secret!r}", f"got {secret.encode()!r}", f"got {secret}"):
        assert secret not in redact(text, [secret])
        assert repr(secret)[1:-1] not in redact(text, [secret])
        assert repr(secret.encode())[2:-1] not in redact(text, [secret])


def test_a_secret_inside_another_should_not_leave_the_rest():
    assert redact("it is secret-and-more", ["secret", "secret-and-more"]) == "it is [redacted]"


def test_a_very_short_secret_should_only_be_hidden_where_it_stands_alone():
    assert redact("1 interface, password was 1, 10 lines", ["1"]) == (
        "[redacted] interface, password was [redacted], 10 lines"
    )


@pytest.mark.parametrize(
    "line",
    [
        "Password: hunter2",
        "enable secret 9 $9$2MJBozw/9R3UsU$hunter2",
        " username admin privilege 15 password 7 hunter2",
        "snmp-server community hunter2 RO",
        'set system root-authentication encrypted-password "hunter2"',
        " neighbor 192.0.2.1 password 7 hunter2",
        " key-string 7 hunter2",
    ],
)
def test_what_looks_like_a_secret_should_be_gone_unknown_as_it_is(line):
    assert "hunter2" not in redact(line)


@pytest.mark.parametrize("line", ["% Bad secrets", "line protocol is down", "BGP: Bad password for peer"])
def test_ordinary_lines_should_stay(line):
    assert redact(line) == line


@settings(max_examples=200)
@given(before=st.text(), secret=st.text(min_size=4, max_size=30), after=st.text())
def test_no_known_secret_should_survive(before, secret, after):
    assert secret not in redact(before + secret + after, [secret]).replace("[redacted]", "")


@settings(max_examples=150)
@given(
    before=st.text(max_size=40), secret=st.text("abcXYZ019-_!$'\\", min_size=6, max_size=20), after=st.text(max_size=40)
)
def test_a_complaint_should_be_short_and_hold_no_secret(before, secret, after):
    screen = f"{before}\r\nPassword: {secret}\r\n% Bad secret {secret}{after}"
    for text in (screen, repr(screen.encode()), f"failed at prompt [b'x'] with error: {screen.encode()!r}"):
        line = complaint(text, [secret])
        assert secret not in line.replace("[redacted]", "")
        assert len(line) <= 300
        assert "\n" not in line
