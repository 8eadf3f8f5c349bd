"""`python -m fleetportal.engines PROGRAM …`: a program of PostgreSQL (psql, pg_dump …) on the portal's own server."""

from __future__ import annotations

import os
import sys

from fleetportal import env
from fleetportal.engines import roles, system
from fleetportal.engines.errors import EngineError
from fleetportal.engines.postgres import Postgres


def main() -> None:
    """Become the named program, signed in as the superuser: row-level security binds even the owner of the tables.

    The password goes in by the environment, so that `ps` does not show it.
    """
    if len(sys.argv) < 2:
        raise SystemExit("Name a program of PostgreSQL, as: python -m fleetportal.engines psql")
    engines = env.var_dir().absolute() / "engines"
    if "DATABASE_URL" not in system.read_json(engines / "urls.json"):
        raise SystemExit("The portal's own PostgreSQL does not run: start it with `make demo` or `manage.py up`.")
    try:
        home = system.reachable_home(engines, system.service_user())
        postgres = Postgres(home, engines.parent / "log" / "postgres.log")
    except EngineError as error:
        raise SystemExit(str(error)) from None
    program = postgres.binaries / sys.argv[1]
    if not program.is_file():
        raise SystemExit(f"There is no {program.name} in {program.parent}.")
    settings = {
        "PGHOST": "127.0.0.1",
        "PGPORT": str(postgres.config["port"]),
        "PGUSER": "postgres",
        "PGPASSWORD": postgres.config["password"],
        "PGDATABASE": roles.DATABASE,
    }
    os.execve(program, [str(program), *sys.argv[2:]], {**os.environ, **settings})  # noqa: S606  # no shell is wanted


if __name__ == "__main__":
    main()
