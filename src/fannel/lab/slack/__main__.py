"""`python -m fannel.lab.slack`: the stand-in in a process of its own, until interrupted."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys

from fannel.lab.slack.server import APP_TOKEN, BOT_TOKEN, SlackStandIn, serve


def _say_where(stand_in: SlackStandIn) -> None:
    line = f"page {stand_in.workspace.base_url}/   api {stand_in.api_url}   tokens {BOT_TOKEN} {APP_TOKEN}"
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m fannel.lab.slack", description="A stand-in for Slack.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=4810)
    parser.add_argument("--timezone", default="UTC", help="zone of the times on the page (default %(default)s)")
    parser.add_argument("--no-rate-limits", action="store_true", help="never answer 429 by itself")
    given = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(
            serve(
                given.host,
                given.port,
                rate_limits=not given.no_rate_limits,
                timezone=given.timezone,
                ready=_say_where,
            )
        )


if __name__ == "__main__":
    main()
