-- grain:   one row per file whose rows read are not the sum of the five kinds
-- reads:   file
-- params:  none
-- returns: path, rows_read, accounted
SELECT
    path,
    rows_read,
    rows_latest + rows_superseded + rows_deleted + rows_filtered + rows_quarantined AS accounted
FROM file
WHERE rows_read <> rows_latest + rows_superseded + rows_deleted + rows_filtered + rows_quarantined
ORDER BY path
