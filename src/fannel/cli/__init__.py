"""The command line `fannel`. Each command is a module; heavy imports happen inside the command that needs them."""
