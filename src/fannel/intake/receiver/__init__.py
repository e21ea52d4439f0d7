"""The receiver process: drains the sockets, keeps what came in the spool, answers informs, says what it lost."""
