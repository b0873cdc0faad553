-- grain:   one row per version of a key that has several, or that a delete row without version number can reach
-- reads:   arrival
-- params:  none
-- returns: place, environment, row_id, version_no, sink_at, modified_at, deleted
-- Only narrow columns and only keys in doubt: a window over whole rows of a large table would spill to disk.
SELECT a.rowid AS place, a.environment, a.row_id, a.version_no, a.sink_at, a.modified_at, a.deleted
FROM arrival a
SEMI JOIN (
    SELECT environment, row_id
    FROM arrival
    GROUP BY environment, row_id
    HAVING COUNT(*) > 1
) several ON several.environment = a.environment AND several.row_id = a.row_id
