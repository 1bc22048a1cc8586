#!/bin/sh
# Run once by the PostgreSQL image on an empty volume: makes the owner of the tables, and the role
# that web, worker and beat connect as. Both are plain: they do not bypass row-level security
# (docs/adr/0004), and the second owns nothing (docs/adr/0007).
set -eu
secrets=${SECRETS_DIRECTORY:-/run/secrets}
psql --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres \
    --set owner_password="$(cat "$secrets/database_owner_password")" \
    --set password="$(cat "$secrets/database_password")" <<'SQL'
CREATE ROLE zampay LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOREPLICATION
    PASSWORD :'owner_password';
CREATE ROLE zampay_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOREPLICATION
    PASSWORD :'password';
CREATE DATABASE zampay OWNER zampay;
REVOKE ALL ON DATABASE zampay FROM PUBLIC;
GRANT CONNECT ON DATABASE zampay TO zampay_app;
SQL
