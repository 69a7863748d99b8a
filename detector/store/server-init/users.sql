-- The same users as SQL, for a ClickHouse server that is administered by hand. Replace the two hashes: printf %s 'the password' | sha256sum

-- Dashboards: reads our database and nothing else. Grafana's plugin sends max_execution_time with each query, which readonly would refuse;
-- CHANGEABLE_IN_READONLY counts only where the server's configuration has settings_constraints_replace_previous (docker/clickhouse/config.d/cordon.xml).
CREATE SETTINGS PROFILE IF NOT EXISTS grafana_reader SETTINGS
    readonly = 1,
    max_execution_time = 30 MAX 300 CHANGEABLE_IN_READONLY,
    max_result_rows = 200000,
    result_overflow_mode = 'throw',
    max_result_bytes = 268435456,
    max_memory_usage = 2000000000,
    max_concurrent_queries_for_user = 64;
CREATE USER IF NOT EXISTS grafana_reader IDENTIFIED WITH sha256_hash BY '0000000000000000000000000000000000000000000000000000000000000000' SETTINGS PROFILE 'grafana_reader';
GRANT SELECT, SHOW DATABASES, SHOW TABLES, SHOW COLUMNS ON cordon.* TO grafana_reader;
-- Retention and disk on the screen of telemetry: sizes of the tables that it may read, and the free space.
GRANT SELECT ON system.tables, SELECT ON system.parts, SELECT ON system.disks TO grafana_reader;

-- `cordon store` and `cordon detect`: make and change our tables, and read what tells them the schema.
CREATE USER IF NOT EXISTS cordon_store IDENTIFIED WITH sha256_hash BY '0000000000000000000000000000000000000000000000000000000000000000';
GRANT CREATE DATABASE, CREATE TABLE, CREATE VIEW, ALTER, SELECT, INSERT, SHOW ON cordon.* TO cordon_store;
GRANT SELECT ON system.tables TO cordon_store;
