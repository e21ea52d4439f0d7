"""The command line `fannel`."""


def main() -> None:
    """Entry point."""
