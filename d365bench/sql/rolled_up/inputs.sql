-- grain:   one row per delivery of a table that activity is made of
-- reads:   file_set, file, set_column
-- params:  $tables VARCHAR[]
-- returns: number, environment, table, path, columns, files, listing, latest, superseded, deleted, filtered, append_only, complete, why
SELECT
    s.set_id AS number,
    s.environment,
    s.table_name AS "table",
    MIN(f.path) AS path,
    (SELECT COALESCE(LIST(c.column_name ORDER BY c.column_name), []) FROM set_column c WHERE c.set_id = s.set_id) AS columns,
    CAST(COUNT(*) AS BIGINT) AS files,
    SHA256(STRING_AGG(CONCAT_WS(' ', f.path, f.sha256), CHR(10) ORDER BY f.path)) AS listing,
    CAST(SUM(f.rows_latest) AS BIGINT) AS latest,
    CAST(SUM(f.rows_superseded) AS BIGINT) AS superseded,
    CAST(SUM(f.rows_deleted) AS BIGINT) AS deleted,
    CAST(SUM(f.rows_filtered) AS BIGINT) AS filtered,
    s.append_only,
    s.complete,
    s.why
FROM file_set s
INNER JOIN file f ON f.set_id = s.set_id
WHERE LIST_CONTAINS($tables::VARCHAR[], s.table_name)
GROUP BY s.set_id, s.environment, s.table_name, s.append_only, s.complete, s.why
ORDER BY s.set_id
