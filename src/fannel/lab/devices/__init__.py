"""Stand-in routers that answer over real SSH, and the traps they would send.

`lab.LabDevices` is the way in. It has no sleeps and no privileges: every device has a loopback address of its own.
"""
