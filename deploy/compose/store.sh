#!/bin/sh
# Run once by the PostgreSQL image: an ordinary login that owns the store, so that row security binds it, and pgvector.
set -eu
psql --set=ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --set=password="$QUERENT_DB_PASSWORD" <<'SQL'
CREATE ROLE querent LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD :'password';
CREATE DATABASE querent OWNER querent;
\connect querent
CREATE EXTENSION vector;
SQL
