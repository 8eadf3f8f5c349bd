#!/bin/sh
# Runs once, as the superuser, when the database container starts with an empty directory: the three roles and the
# database, the same as fleetportal/engines/roles.py makes. The passwords come from .env and never appear in `ps`.
set -eu

: "${DB_OWNER_PASSWORD:?is missing, run make env}" "${DB_APP_PASSWORD:?is missing, run make env}"

psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
\getenv owner_password DB_OWNER_PASSWORD
\getenv app_password DB_APP_PASSWORD
CREATE ROLE portal_owner LOGIN CREATEDB NOSUPERUSER NOBYPASSRLS NOCREATEROLE PASSWORD :'owner_password';
CREATE ROLE portal_app LOGIN NOCREATEDB NOSUPERUSER NOBYPASSRLS NOCREATEROLE PASSWORD :'app_password';
CREATE ROLE portal_wide NOLOGIN NOCREATEDB NOSUPERUSER NOBYPASSRLS NOCREATEROLE;
GRANT portal_wide TO portal_app WITH INHERIT FALSE, SET TRUE;
CREATE DATABASE portal OWNER portal_owner;
SQL
