"""The directory as the settings describe it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fannel import config, logs
from fannel.directory.client import PagodaClient
from fannel.directory.host_directory import HostDirectory
from fannel.directory.mapping import mapping_of
from fannel.directory.webhook import Webhook

if TYPE_CHECKING:
    from fannel.config import Pagoda

log = logs.Logger("fannel.directory")


def open_directory(pagoda: Pagoda) -> HostDirectory:
    """A directory that is not started yet. Without `pagoda.url` it knows nobody, and says so."""
    client = open_client(pagoda)
    if client is None:
        log.warning("PAGODA_URL is not set: no device is looked up (`fannel run` starts the embedded lab pagoda)")
    return HostDirectory(
        client,
        mapping_of(pagoda),
        cache_file=pagoda.cache_file,
        refresh_s=pagoda.refresh_s,
        poll_s=pagoda.poll_s,
        lookup_timeout_s=pagoda.lookup_timeout_s,
    )


def open_client(pagoda: Pagoda) -> PagodaClient | None:
    """A client of the configured pagoda; None without one."""
    if pagoda.url is None:
        return None
    token = pagoda.token.get_secret_value() if pagoda.token is not None else ""
    return PagodaClient(str(pagoda.url), token, ca_file=pagoda.ca_file)


def open_webhook(pagoda: Pagoda, directory: HostDirectory) -> Webhook | None:
    """The endpoint for pagoda's webhooks, listening, if one is configured; who opens it stops it.

    Raises:
        ConfigError: it cannot listen there.
    """
    if pagoda.webhook is None or pagoda.webhook_secret is None:
        return None
    webhook = Webhook(
        pagoda.webhook.host, pagoda.webhook.port, pagoda.webhook_secret.get_secret_value(), directory.hint
    )
    try:
        webhook.start()
    except OSError as error:
        msg = f"pagoda.webhook = {pagoda.webhook}: {error.strerror or error}"
        raise config.ConfigError(msg) from None
    return webhook
