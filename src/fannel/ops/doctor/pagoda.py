"""pagoda: does it answer, does it take the token, does it have what the directory reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fannel.directory.client import PagodaClient
from fannel.directory.errors import (
    AttributeMissing,
    AttributeUnreadable,
    ModelMissing,
    PagodaAuthError,
    PagodaError,
    PagodaUnreachable,
    PermissionDenied,
)
from fannel.directory.mapping import mapping_of
from fannel.directory.reader import Reader
from fannel.directory.transport import Timeouts
from fannel.directory.values import UNREADABLE
from fannel.ops.doctor.finding import PATIENCE_S, ok, warning, wrong

if TYPE_CHECKING:
    from fannel.config import Pagoda
    from fannel.directory.mapping import Mapping
    from fannel.ops.doctor.finding import Finding

NAME = "pagoda"
# TEST-NET-1 (RFC 5737): an address to search for that no device has.
_NOBODY = "192.0.2.255"
_ONE_TRY = Timeouts(connect_s=PATIENCE_S / 2, lookup_s=PATIENCE_S, page_s=PATIENCE_S, retry_s=0)

_REMEDIES: tuple[tuple[type[PagodaError], str], ...] = (
    (PagodaAuthError, "set PAGODA_TOKEN (or PAGODA_TOKEN_FILE) to a token of pagoda's user page"),
    (PagodaUnreachable, "check PAGODA_URL, DNS, route, proxy and pagoda itself; until then every device is unknown"),
    (PermissionDenied, "let this token's account read the models"),
    (AttributeUnreadable, "let this token's account read that attribute"),
    (ModelMissing, "say in [pagoda.device] and [pagoda.interface] what this site calls it, or make it in pagoda"),
    (AttributeMissing, "say in [pagoda.device] and [pagoda.interface] what this site calls it, or add it in pagoda"),
)


def pagoda(settings: Pagoda) -> Finding:
    """Whether senders can be looked up: one search as a trap makes it, and how much there is to find."""
    if settings.url is None:
        return warning(NAME, "PAGODA_URL is not set: the embedded lab network would be used", "set PAGODA_URL")
    token = settings.token.get_secret_value() if settings.token is not None else ""
    try:
        client = PagodaClient(str(settings.url), token, ca_file=settings.ca_file, timeouts=_ONE_TRY)
        try:
            return _look_around(client, mapping_of(settings))
        finally:
            client.close()
    except PagodaError as error:
        remedy = next((text for kind, text in _REMEDIES if isinstance(error, kind)), "check PAGODA_URL")
        return wrong(NAME, str(error), remedy)


def _look_around(client: PagodaClient, mapping: Mapping) -> Finding:
    names = mapping.device
    Reader(client, mapping).devices_at((_NOBODY,), within_s=PATIENCE_S)
    found = client.search(client.model(names.model), (names.management_ip,), limit=1, retry=False)
    if any(not item.readable or item.attributes.get(names.management_ip) is UNREADABLE for item in found.items):
        raise AttributeUnreadable(f'this account may not read "{names.management_ip}" of "{names.model}"')
    counts = f"{found.total} devices"
    if mapping.interface is not None:
        model = client.model(mapping.interface.model)
        for name in mapping.interface.attributes:
            model.attribute(name.partition(".")[0])
        counts += f", {client.search(model, (), limit=1, retry=False).total} interfaces"
    if not found.total:
        return warning(NAME, f'{client.url} has no device in "{names.model}"', "fill it, or let this account see it")
    return ok(NAME, f"{client.url}: {counts}")
