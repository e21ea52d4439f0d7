"""A list that is much shorter than the one before is believed late, an empty one never."""

import pytest

from fannel.directory.errors import EmptyList, ShrunkList
from fannel.directory.shrinking import BELIEVED_AFTER_S, FEW, Shrinking


def test_a_list_that_lost_a_few_is_believed_at_once():
    Shrinking().check(100, 75, 0.0)


def test_a_list_that_lost_many_is_not():
    with pytest.raises(ShrunkList, match="74 of 100"):
        Shrinking().check(100, 74, 0.0)


def test_it_is_believed_once_it_has_stayed_short():
    shrinking = Shrinking()
    for at in (0.0, BELIEVED_AFTER_S - 1):
        with pytest.raises(ShrunkList):
            shrinking.check(100, 50, at)
    shrinking.check(100, 50, BELIEVED_AFTER_S)


def test_a_whole_list_in_between_begins_the_wait_anew():
    shrinking = Shrinking()
    with pytest.raises(ShrunkList):
        shrinking.check(100, 50, 0.0)
    shrinking.check(100, 100, BELIEVED_AFTER_S / 2)
    with pytest.raises(ShrunkList):
        shrinking.check(100, 50, BELIEVED_AFTER_S)


def test_a_small_network_may_lose_what_it_likes():
    Shrinking().check(FEW - 1, 1, 0.0)


def test_an_empty_list_is_never_believed():
    shrinking = Shrinking()
    for at in (0.0, 10 * BELIEVED_AFTER_S):
        with pytest.raises(EmptyList):
            shrinking.check(3, 0, at)


def test_an_empty_list_is_asked_about_by_who_knows_nobody_too():
    with pytest.raises(EmptyList, match="may this account not read them"):
        Shrinking().check(0, 0, 0.0)
