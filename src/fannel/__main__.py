"""`python -m fannel` is `fannel`."""

from fannel.cli.app import main

main()
