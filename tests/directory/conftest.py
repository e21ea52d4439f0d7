import pytest

from fannel.directory.client import PagodaClient
from fannel.directory.transport import Timeouts
from fannel.lab.pagoda import LAB_TOKEN, PagodaStandIn

# Short enough for tests, long enough for two busy cores.
QUICK = Timeouts(connect_s=2, lookup_s=2, page_s=5, retry_s=5)


@pytest.fixture
def lab():
    """A running stand-in with the lab network; `lab.url` is where."""
    stand_in = PagodaStandIn()
    stand_in.url = stand_in.start()
    yield stand_in
    stand_in.stop()


@pytest.fixture
def make_client():
    """Makes clients that wait for nothing between retries."""
    made = []

    def make(url, token=LAB_TOKEN, **options):
        options.setdefault("timeouts", QUICK)
        options.setdefault("sleep", lambda _: None)
        made.append(PagodaClient(url, token, **options))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(lab, make_client):
    return make_client(lab.url)
