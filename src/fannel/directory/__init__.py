"""pagoda, the single source of truth, as FANNEL needs it: who sent this, and which interface is meant.

`host_directory` is what a running FANNEL asks, `reader` what the inventory plugin uses, `client` speaks to pagoda,
`directory` is the index, `enrich` turns answers into parts of an event. Nothing is imported here: every playbook run
imports the reader and should pay for that alone.
"""
