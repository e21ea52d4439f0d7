"""Octets ↔ messages, pure: `ber`, `varbind` and `snmp` build on each other, `capture` stands beside them."""
