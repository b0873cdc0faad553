-- grain:   one row per environment, source, table and needed column that was not loaded (column empty: the whole table)
-- reads:   environment, file_set, set_column, file, source_need
-- params:  none
-- returns: environment, source, table_name, column_name
WITH filled AS (
    SELECT s.set_id, s.environment, s.table_name, s.append_only
    FROM file_set s
    JOIN file f USING (set_id)
    GROUP BY ALL
    HAVING sum(f.rows_latest + f.rows_superseded + f.rows_deleted) > 0
),
loaded AS (
    SELECT DISTINCT environment, table_name FROM file_set
)
SELECT e.environment, n.source, n.table_name, CAST(NULL AS VARCHAR) AS column_name
FROM environment e
CROSS JOIN (SELECT DISTINCT source, table_name FROM source_need) n
WHERE n.table_name <> 'incidentresolution' -- nobody need have resolved a case
    AND NOT EXISTS (SELECT 1 FROM loaded l WHERE l.environment = e.environment AND l.table_name = n.table_name)
UNION ALL
SELECT DISTINCT f.environment, n.source, n.table_name, n.column_name
FROM filled f
JOIN source_need n USING (table_name)
WHERE NOT EXISTS (SELECT 1 FROM set_column c WHERE c.set_id = f.set_id AND c.column_name = n.column_name)
ORDER BY ALL
