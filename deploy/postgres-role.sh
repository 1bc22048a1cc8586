#!/bin/sh
# Run once by the PostgreSQL image on an empty volume: makes the role that the gateway connects as.
# Plain on purpose: it owns its database and passes no row-level security policy (docs/adr/0004).
set -eu
psql --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres \
    --set password="$(cat "${DATABASE_PASSWORD_FILE:-/run/secrets/database_password}")" <<'SQL'
CREATE ROLE zampay LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOREPLICATION
    PASSWORD :'password';
CREATE DATABASE zampay OWNER zampay;
REVOKE ALL ON DATABASE zampay FROM PUBLIC;
SQL
