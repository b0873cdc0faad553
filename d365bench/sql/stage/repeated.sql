-- grain:   one row per doubtful set that holds a delete row, or several versions of one key
-- reads:   arrival, doubtful
-- params:  none
-- returns: set_id
SELECT DISTINCT set_id
FROM (
    SELECT d.set_id
    FROM arrival a
    INNER JOIN doubtful d ON d.file_id = a.file_id
    GROUP BY d.set_id, a.environment, a.row_id
    HAVING COUNT(*) > 1 OR BOOL_OR(a.deleted)
)
