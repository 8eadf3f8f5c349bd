"""Servers of one's own: what is wrong with them is one sentence, said before anything is written there."""

import psycopg
import pytest
import redis
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from fleetportal import env
from fleetportal.engines import others, system
from fleetportal.engines.errors import EngineError
from fleetportal.engines.valkey import Valkey


@pytest.fixture
def addresses(cluster, monkeypatch):
    """Both addresses of a cluster that is as it should be."""
    for name in ("PORTAL_APP_ROLE", "PORTAL_WIDE_ROLE"):
        monkeypatch.delenv(name, raising=False)
    for name, url in cluster.urls().items():
        monkeypatch.setenv(name, url)
    return cluster.urls()


@pytest.fixture
def superuser(cluster):
    """The cluster's administrator, who makes mistakes."""
    parts = conninfo_to_dict(cluster.urls()["DATABASE_URL"])
    url = make_conninfo(**{**parts, "user": "postgres", "password": cluster.config["password"]})
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def url_of(url, **changes):
    """The address with other parts, in the form that libpq prints."""
    return make_conninfo(**{**conninfo_to_dict(url), **changes})


def refusal():
    with pytest.raises(EngineError) as caught:
        others.check_database()
    return str(caught.value)


def test_roles_as_the_handbook_makes_them_will_do(addresses):
    others.check_database()


def test_the_owner_may_not_run_the_portal(addresses, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", addresses["DATABASE_OWNER_URL"])
    assert refusal().startswith("DATABASE_URL and DATABASE_OWNER_URL name the same role, portal_owner: ")


def test_a_role_that_owns_a_table_may_not_run_the_portal(addresses, superuser):
    superuser.execute("CREATE TABLE public.mine (id int); ALTER TABLE public.mine OWNER TO portal_app")
    try:
        assert "names the role portal_app, which owns the tables" in refusal()
    finally:
        superuser.execute("DROP TABLE public.mine")


def test_the_superuser_may_not_run_the_portal(addresses, cluster, monkeypatch):
    password = cluster.config["password"]
    monkeypatch.setenv("DATABASE_URL", url_of(addresses["DATABASE_URL"], user="postgres", password=password))
    assert "names the role postgres, which passes row-level security" in refusal()
    assert password not in refusal()


def test_a_wide_role_that_is_inherited_is_refused_with_what_mends_it(addresses, superuser):
    superuser.execute("GRANT portal_wide TO portal_app WITH INHERIT TRUE")
    try:
        assert "would see every company's rows at any time" in refusal()
    finally:
        superuser.execute(refusal().rpartition(": ")[2].rstrip("."))
    others.check_database()


def test_a_wide_role_that_can_not_be_entered_is_refused_with_what_mends_it(addresses, superuser):
    superuser.execute("REVOKE portal_wide FROM portal_app")
    try:
        assert "portal_app may not enter portal_wide" in refusal()
    finally:
        superuser.execute(refusal().rpartition(": ")[2].rstrip("."))
    others.check_database()


def test_a_wide_role_that_is_not_there_is_named(addresses, monkeypatch):
    monkeypatch.setenv("PORTAL_WIDE_ROLE", "elsewhere_wide")
    assert refusal().startswith("There is no role elsewhere_wide on the server")


def test_a_role_of_another_name_must_be_told(addresses, monkeypatch):
    monkeypatch.setenv("PORTAL_APP_ROLE", "elsewhere_app")
    assert refusal() == (
        "DATABASE_URL names the role portal_app and PORTAL_APP_ROLE is elsewhere_app: set it to portal_app."
    )


def test_a_database_in_which_the_owner_may_not_make_tables_is_refused_with_what_mends_it(
    addresses, superuser, monkeypatch
):
    superuser.execute("CREATE DATABASE borrowed")
    try:
        for name, url in addresses.items():
            monkeypatch.setenv(name, url_of(url, dbname="borrowed"))
        assert "portal_owner in DATABASE_OWNER_URL may not make tables in borrowed" in refusal()
        superuser.execute(refusal().rpartition(": ")[2].rstrip("."))
        others.check_database()
    finally:
        superuser.execute("DROP DATABASE borrowed WITH (FORCE)")


def test_two_databases_are_refused(addresses, superuser, monkeypatch):
    superuser.execute("CREATE DATABASE other OWNER portal_owner")
    try:
        monkeypatch.setenv("DATABASE_OWNER_URL", url_of(addresses["DATABASE_OWNER_URL"], dbname="other"))
        assert "lead to two databases" in refusal()
    finally:
        superuser.execute("DROP DATABASE other WITH (FORCE)")


def test_a_database_of_another_encoding_is_refused(addresses, superuser, monkeypatch):
    superuser.execute(
        "CREATE DATABASE latin OWNER portal_owner TEMPLATE template0 ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C'"
    )
    try:
        for name, url in addresses.items():
            monkeypatch.setenv(name, url_of(url, dbname="latin"))
        assert "holds text as LATIN1" in refusal()
    finally:
        superuser.execute("DROP DATABASE latin WITH (FORCE)")


def test_a_postgresql_that_is_too_old_is_refused(addresses, monkeypatch):
    monkeypatch.setattr(others, "OLDEST_MAJOR", 99)
    assert "the portal needs 99 or newer" in refusal()


def test_a_wrong_password_is_told_without_it(addresses, monkeypatch):
    monkeypatch.setenv("DATABASE_OWNER_URL", url_of(addresses["DATABASE_OWNER_URL"], password="not-this-one"))
    assert refusal().startswith("The server in DATABASE_OWNER_URL does not let us in")
    assert "not-this-one" not in refusal()


@pytest.mark.parametrize("name", ["DATABASE_URL", "DATABASE_OWNER_URL"])
@pytest.mark.parametrize(
    "url", ["mysql://a:hush@db/portal", "hush", "postgresql://a:hush@[db/portal", "postgresql://db/portal"]
)
def test_what_is_no_address_of_a_database_is_refused_without_repeating_it(addresses, monkeypatch, name, url):
    monkeypatch.setenv(name, url)
    assert refusal().startswith(f"{name} must be an address such as postgresql://")
    assert "hush" not in refusal()
    with pytest.raises(env.SettingError, match=f"{name} must be an address"):  # each process reads it for itself
        env.engine(name)


@pytest.mark.parametrize(
    "url",
    [
        "hush",
        "http://:hush@redis",
        "redis://:hush@redis:6379/0",
        "redis://:hush@redis:port",
        "redis://",
        "redis://redis?db=3",
    ],
)
def test_what_is_no_address_of_a_redis_is_refused_without_repeating_it(monkeypatch, url):
    monkeypatch.setenv("REDIS_URL", url)
    with pytest.raises(EngineError, match="REDIS_URL must be an address such as redis://") as caught:
        others.check_redis()
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("url", ["redis://redis", "redis://:a%2Fb@10.0.0.1:6380/", "rediss://me:secret@redis:6379"])
def test_what_is_an_address_of_a_redis_is_taken_as_it_is(url):
    assert env.readable("REDIS_URL", url) == url


@pytest.fixture
def valkey(home, monkeypatch):
    system.make_directory(home / "valkey", 0o711)
    server = Valkey(home / "valkey", home / "valkey.log", persistent=False)
    server.prepare()
    server.start().wait_ready()
    monkeypatch.setenv("REDIS_URL", server.urls()["REDIS_URL"])
    yield server
    server.process.stop()


def test_a_redis_that_never_forgets_will_do_and_another_gets_advice(valkey):
    assert others.check_redis() == ""
    with redis.Redis.from_url(valkey.urls()["REDIS_URL"]) as connection:
        connection.config_set("maxmemory-policy", "allkeys-lru")
    assert "maxmemory-policy allkeys-lru" in others.check_redis()


def test_a_redis_that_is_too_old_is_refused(valkey, monkeypatch):
    monkeypatch.setattr(others, "OLDEST_REDIS", 99)
    with pytest.raises(EngineError, match="the portal needs Redis 99"):
        others.check_redis()


def test_a_redis_that_does_not_let_us_in_is_named_without_its_password(valkey, monkeypatch):
    monkeypatch.setenv("REDIS_URL", f"redis://:not-this-one@127.0.0.1:{valkey.config['port']}")
    with pytest.raises(EngineError, match=r"The server in REDIS_URL \(127.0.0.1\) says") as caught:
        others.check_redis()
    assert "not-this-one" not in str(caught.value)
