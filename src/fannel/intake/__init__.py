"""Intake: sockets and what stands between them and the rest. Knows bytes and addresses, not what they mean."""
