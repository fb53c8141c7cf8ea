"""A record moves to a newer PostgreSQL, as the page about upgrades says."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from eventlog.database import prepare_database
from eventlog.embedded import wheel_programs
from eventlog.log import Log
from eventlog.record import Record
from tests.projections.commands import enveloped, opening
from tests.servers import Servers


def program(name: str, *arguments: str) -> None:
    subprocess.run([wheel_programs(18) / name, *arguments], check=True)


@pytest.mark.parametrize("older", ["pg16"])
def test_dumped_and_restored_it_has_the_same_positions_times_and_proofs(
    servers: Servers, tmp_path: Path, older: str
) -> None:
    file = str(tmp_path / "record.dump")
    with servers.get(older).fresh_database() as database:
        with Record(database) as record:
            record.execute_many([enveloped(one) for one in opening("n-")])
        with Log(database.conninfo) as log:
            before = log.read(0, 10_000)
        program("pg_dump", "--format=custom", f"--file={file}", database.owner_conninfo)
    assert before
    # The newer server has the role by now: the tests made a template there.
    with servers.get("pg18").fresh_url(migrated=False) as url:
        program("pg_restore", "--exit-on-error", "--no-owner", f"--dbname={url}", file)
        restored = prepare_database(url)
        assert restored.role_separated
        with Log(restored.conninfo) as log:
            assert log.read(0, 10_000) == before
            assert log.verify() == []
        with Record(restored) as record:
            record.execute_many([enveloped(one) for one in opening("m-")])
