-- grain:   one row per file of exports/
-- reads:   file, quarantine
-- params:  none
-- returns: path, sha256, shape, table, environment, rows_read, rows_latest, rows_superseded, rows_deleted, rows_filtered, rows_quarantined, quarantine, complete, refused
SELECT
    f.path, f.sha256, f.shape, f.table_name AS "table", f.environment, f.rows_read, f.rows_latest, f.rows_superseded, f.rows_deleted,
    f.rows_filtered, f.rows_quarantined, COALESCE(q.reasons, []) AS quarantine, f.complete, f.refused
FROM file f
LEFT JOIN (
    SELECT file_id, LIST({'reason': reason, 'rows': n} ORDER BY reason) AS reasons
    FROM (SELECT file_id, reason, CAST(COUNT(*) AS BIGINT) AS n FROM quarantine GROUP BY file_id, reason)
    GROUP BY file_id
) q ON q.file_id = f.file_id
ORDER BY f.path
