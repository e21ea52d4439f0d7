"""What FANNEL says in Slack, in each language: texts as data, one catalogue a language, the same fields in all.

A catalogue is built of records without defaults, so a text that one language lacks is an error of types and of the
first import. What people, devices and checks say is never translated; FANNEL's own reasons are (`Words.said`).
"""

from fannel.slack.words.catalogue import Words
from fannel.slack.words.reader import LANGUAGES, Language, Reader, words_of

__all__ = ["LANGUAGES", "Language", "Reader", "Words", "words_of"]
