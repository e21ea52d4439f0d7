"""A pagoda for the demo and the tests: the API calls FANNEL makes, with the real system's shapes and error codes.

`PagodaStandIn().start()` serves the lab network on a free loopback port and returns the URL; LAB_TOKEN reads it.
"""

from fannel.lab.pagoda.accounts import Account
from fannel.lab.pagoda.records import Records, WrongData
from fannel.lab.pagoda.server import LAB_TOKEN, Call, Fault, PagodaStandIn

__all__ = ["LAB_TOKEN", "Account", "Call", "Fault", "PagodaStandIn", "Records", "WrongData"]
