"""Octets ↔ messages, pure. `ber`, `varbind`, `pdu` build on each other; `snmp` (v1, v2c) and `v3_receiver` on them.

SNMPv3's parts: `snmpv3` (the message), `usm…` (users, keys, ciphers), `engine` (clocks), `v3_answers`, `v3_sender`.
`capture` and `syslog` stand beside all this.
"""
