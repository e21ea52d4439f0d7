"""What can go wrong with pagoda: one type per failure that a person can act on.

Every text says what was asked, what came back and what to do. None contains the token; whatever pagoda (or a proxy
in its place) answered is cut short and has the token struck out before it gets here.
"""

# ruff: noqa: N818  (a name that says what happened needs no "Error" behind it)

from __future__ import annotations


class PagodaError(Exception):
    """pagoda could not be asked, or its answer cannot be used."""


class PagodaUnreachable(PagodaError):
    """Nobody answered: name, route, port, TLS, or a gateway whose back end is away (502, 503, 504)."""


class PagodaTimeout(PagodaUnreachable):
    """Somebody accepted the call and did not answer in time."""


class PagodaAuthError(PagodaError):
    """The token is missing, unknown, rotated or of the wrong form (403 with AE-000000)."""


class TokenExpired(PagodaAuthError):
    """The token has outlived its user's `token_lifetime` (86,400 s unless set to 0)."""


class PermissionDenied(PagodaError):
    """The account may not read this (403 with AE-210000)."""


class ModelMissing(PagodaError):
    """No model has the name the mapping gives."""


class AttributeMissing(PagodaError):
    """A model has no attribute of the name the mapping gives."""


class AttributeUnreadable(PagodaError):
    """An attribute that FANNEL cannot do without is hidden from this account on every item."""


class Unsearchable(PagodaError):
    """A value that pagoda's keyword language cannot ask for exactly; it was not sent."""


class PagodaFailed(PagodaError):
    """pagoda itself broke (500); its own words, out of the HTML it sent."""


class UnexpectedAnswer(PagodaError):
    """An answer that pagoda's interface does not promise: a redirect, HTML, half a JSON text, a refused request."""


class EmptyList(PagodaError):
    """pagoda lists no device, which is how it says that this account may read none: a good list is kept."""


class ShrunkList(PagodaError):
    """pagoda lists far fewer devices than are known: the good list is kept until pagoda has said so for a while."""


class NoFallback(PagodaError):
    """pagoda did not answer, and the file that should stand in for it cannot be used."""
