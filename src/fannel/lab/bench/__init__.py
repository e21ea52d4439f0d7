"""What the receiver can take, measured on the machine it is asked on: `fannel bench receive`.

Every row starts the real processes on loopback, offers them notifications from processes of their own, and counts what
became of each one in three places: the kernel, the receiver's counters, and the spool. Peers run in the same run.
"""
