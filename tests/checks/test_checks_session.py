import itertools

import pytest

from fannel.checks.errors import DeviceError
from fannel.checks.load import load
from fannel.checks.session import run
from fannel.event import Subject

CHECK = """\
find_subject:
  run: show index
  match: '^(?P<name>\\S+) {ifindex}$'
  expand: {Eth: Ethernet}
commands:
  port: {run: "show {interface}", parse: {regex: 'is (?P<state>\\S+)'}}
  log: {run: "show log {interface}", optional: true}
  more: {run: show more, optional: true}
facts:
  state: port.state
verdict:
  - {when: state == 'down', outcome: confirmed, reason: "{interface} is {state}"}
  - {when: state == 'up', outcome: cleared, reason: "{interface} is {state}"}
evidence:
  - {from: log, match: '.'}
"""


@pytest.fixture
def check(tmp_path):
    file = tmp_path / "link" / "ios.yml"
    file.parent.mkdir()
    file.write_text(CHECK, encoding="utf-8")
    return load(file)


class Device:
    """Answers from a mapping and remembers what it was asked."""

    def __init__(self, **answers):
        self.answers = {key.replace("_", " "): value for key, value in answers.items()}
        self.asked = []

    def __call__(self, command):
        self.asked.append(command)
        answer = self.answers.get(command.replace("/", " "), "")
        if isinstance(answer, Exception):
            raise answer
        return answer


ETH = Subject("interface", name="Eth1")


def test_commands_should_run_in_order_and_the_verdict_carry_their_outputs(check):
    device = Device(show_Eth1="Eth1 is down", show_log_Eth1="it fell")
    ticks = itertools.count(100.0, 0.5)
    verdict = run(check, ETH, device, clock=lambda: next(ticks))
    assert device.asked == ["show Eth1", "show log Eth1", "show more"]
    assert (verdict.outcome, verdict.reason, verdict.evidence) == ("confirmed", "Eth1 is down", ("it fell",))
    assert [(output.command, output.text, output.took_s) for output in verdict.outputs] == [
        ("show Eth1", "Eth1 is down", 0.5),
        ("show log Eth1", "it fell", 0.5),
        ("show more", "", 0.5),
    ]
    assert verdict.took_s == 3.5
    assert verdict.subject_name is None


def test_when_only_the_ifindex_is_known_it_should_ask_the_device_for_the_name(check):
    device = Device(show_index="Eth1/7 17\nEth1/1 7\n", show_Ethernet1_1="is up")
    device.answers["show Ethernet1 1"] = "is up"
    verdict = run(check, Subject("interface", ifindex=7), device)
    assert device.asked[:2] == ["show index", "show Ethernet1/1"]
    assert (verdict.outcome, verdict.reason, verdict.subject_name) == ("cleared", "Ethernet1/1 is up", "Ethernet1/1")


def test_when_the_name_is_known_the_device_should_not_be_asked_for_it(check):
    device = Device(show_Eth1="is up")
    run(check, Subject("interface", name="Eth1", ifindex=7), device)
    assert "show index" not in device.asked


def test_when_only_the_ifindex_of_its_interface_is_known_it_should_ask_and_keep_the_subjects_own_name(check):
    device = Device(show_index="Eth1 7\n", show_Ethernet1="is up")
    verdict = run(check, Subject("fhrp_group", name="ifindex 7 group 1", ifindex=7), device)
    assert device.asked[:2] == ["show index", "show Ethernet1"]
    assert verdict.subject_name is None


def test_when_the_device_does_not_know_the_ifindex_it_should_say_so(check):
    verdict = run(check, Subject("interface", ifindex=8), Device(show_index="Eth1 7\n"))
    assert (verdict.outcome, verdict.reason) == ("inconclusive", "the device knows no interface with ifIndex 8")
    assert [output.command for output in verdict.outputs] == ["show index"]


def test_when_the_device_names_an_interface_that_is_none_it_should_not_be_sent_back(check):
    device = Device(show_index="x;reload 7\n")
    verdict = run(check, Subject("interface", ifindex=7), device)
    assert verdict.outcome == "inconclusive"
    assert device.asked == ["show index"]


@pytest.mark.parametrize(
    "name",
    [
        "Eth1; reload",
        "Eth1\nreload",
        "Eth1 | redirect x",
        "Eth1?",
        "",
        " Eth1",
        "Eth1 ",
        "Eth1\x00",
        "1/1",
        "Ｅth1",
        "{{ 7*7 }}",
        "{interface}",
        "a" * 65,
        "Eth1\u2028reload",
        "-x",
        "Eth1'",
        '"',
        "Eth٣",
    ],
)
def test_a_name_that_is_no_interface_name_should_never_reach_the_device(check, name):
    device = Device()
    verdict = run(check, Subject("interface", name=name), device)
    assert device.asked == []
    assert verdict.outcome == "inconclusive"
    assert "interface" in verdict.reason


def test_a_subject_of_another_type_should_not_be_taken_for_an_interface(check):
    device = Device()
    assert run(check, Subject("bgp_peer", name="Eth1"), device).reason == "the interface is not known"
    assert device.asked == []


def test_when_the_device_fails_the_reason_and_what_was_collected_should_be_in_the_verdict(check):
    device = Device(show_Ethernet1=DeviceError("timed out after 30 s"), show_index="Eth1 7\n")
    verdict = run(check, Subject("interface", ifindex=7), device)
    assert (verdict.outcome, verdict.reason) == ("inconclusive", "timed out after 30 s")
    assert [(output.command, output.text) for output in verdict.outputs] == [
        ("show index", "Eth1 7\n"),
        ("show Ethernet1", ""),
    ]
    assert verdict.subject_name == "Ethernet1"


def test_when_an_optional_command_fails_the_verdict_should_stand(check):
    device = Device(show_Eth1="is down", show_log_Eth1=DeviceError("% Invalid input"))
    verdict = run(check, ETH, device)
    assert verdict.outcome == "confirmed"
    assert device.asked[-1] == "show more"


def test_when_the_session_is_lost_nothing_more_should_be_asked(check):
    device = Device(show_Eth1="is down", show_log_Eth1=DeviceError("connection closed", lost=True))
    assert run(check, ETH, device).outcome == "confirmed"
    assert device.asked[-1] == "show log Eth1"


def test_output_should_be_cleaned_bounded_and_not_judged_by_half(check):
    flood = "\x1b[31mis down\x1b[0m\r\n" + "x" * 10_000_000
    verdict = run(check, ETH, Device(show_Eth1=flood))
    assert verdict.reason == "the answer to `show Eth1` cannot be read: it is too long to be read whole"
    assert verdict.outputs[0].text.startswith("is down\n")
    assert len(verdict.outputs[0].text) < 300_000
    assert "[cut: 10000018 characters in all]" in verdict.outputs[0].text


def test_an_error_that_is_not_the_devices_should_not_be_hidden(check):
    with pytest.raises(ZeroDivisionError):
        run(check, ETH, lambda command: 1 / 0)
