"""Whatever is killed under load: no write that was acknowledged is lost, none is there twice."""

from __future__ import annotations

import random
from pathlib import Path
from time import sleep

from eventlog.database import Database, prepare_database
from tests.faults.load import check, load
from tests.faults.postgres import postgres
from tests.faults.process import Serving


def test_a_server_that_is_killed_under_load_loses_nothing_and_records_nothing_twice(
    database: Database, folder: Path
) -> None:
    with (
        Serving(database.owner_conninfo, folder / "said") as server,
        load(server.address) as clients,
    ):
        for _ in range(3):
            clients.wait(150)
            sleep(random.uniform(0, 0.1))
            server.kill()
            server.start()
        clients.wait(100)
    assert clients.told["ConnectError"] > 0
    assert any(one.sent > 1 for one in clients.acknowledged)
    check(database, clients.acknowledged)


def test_a_postgresql_that_is_stopped_at_once_under_load_loses_nothing(folder: Path) -> None:
    with postgres(folder) as own:
        database = prepare_database(own.url)
        with (
            Serving(own.url, folder / "said") as server,
            load(server.address) as clients,
        ):
            for _ in range(2):
                clients.wait(150)
                sleep(random.uniform(0, 0.1))
                own.stop_at_once()
                sleep(random.uniform(0, 0.5))
                own.start()
            clients.wait(100)
            assert server.ready()
        check(database, clients.acknowledged)
