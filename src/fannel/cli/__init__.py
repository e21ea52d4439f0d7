"""The command line `fannel`. Each command is a module; heavy imports happen inside the command that needs them."""

from fannel.cli.app import main

__all__ = ["main"]
