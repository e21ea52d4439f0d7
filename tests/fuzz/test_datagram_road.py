"""Any octets whatever travel the road: judged, spooled, understood, and harmless and valid on the rule queue."""

from __future__ import annotations

import pytest
from datagram_road import BALANCER, SOURCE, DatagramRoad
from datagram_seeds import WRAPPINGS, Wrapper
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

FUZZ = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def road(tmp_path_factory):
    opened = DatagramRoad(tmp_path_factory.mktemp("road"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def wrapper(road):
    return Wrapper(road.engine_id)


@pytest.fixture(scope="module")
def seeds(wrapper):
    return list(wrapper.seeds())


def source_of(wrapping) -> str:
    return BALANCER if wrapping.proxied else SOURCE


def travel(road, wrapper, number, octets):
    wrapping = WRAPPINGS[number]
    return road.travel(wrapper.wrap(wrapping, octets), source_of(wrapping))


@st.composite
def mutations(draw, octets: bytes) -> bytes:
    """A few octets changed, cut out, doubled or put in."""
    mutated = bytearray(octets)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(mutated) - 1)))
        change = draw(st.sampled_from(("flip", "cut", "insert", "double", "end")))
        if change == "flip" and mutated:
            mutated[at] ^= draw(st.integers(1, 255))
        elif change == "cut":
            del mutated[at : at + draw(st.integers(1, 8))]
        elif change == "insert":
            mutated[at:at] = draw(st.binary(min_size=1, max_size=8))
        elif change == "double":
            mutated[at:at] = mutated[at : at + draw(st.integers(1, 64))]
        else:
            del mutated[at:]
    return bytes(mutated)


def test_every_seed_travels_and_all_but_the_refused_become_events(road, wrapper, seeds):
    events = [travel(road, wrapper, number, octets) for number, octets in seeds]
    assert sum(event is not None and event.trap is not None for event in events) > len(seeds) // 2


@FUZZ
@given(st.binary(max_size=2048), st.integers(0, len(WRAPPINGS) - 1))
def test_octets_without_any_sense_hurt_nobody(road, wrapper, octets, number):
    travel(road, wrapper, number, octets)


@FUZZ
@given(st.data())
def test_mutated_messages_of_every_kind_hurt_nobody(road, wrapper, seeds, data):
    number, octets = data.draw(st.sampled_from(seeds))
    travel(road, wrapper, number, data.draw(mutations(octets)))


@FUZZ
@given(st.data())
def test_mutated_datagrams_hurt_nobody_whoever_sends_them(road, wrapper, seeds, data):
    number, octets = data.draw(st.sampled_from(seeds))
    source = data.draw(st.sampled_from((SOURCE, BALANCER, "198.51.100.9", "2001:db8::9", "127.0.0.1")))
    road.travel(data.draw(mutations(wrapper.wrap(WRAPPINGS[number], octets))), source)
