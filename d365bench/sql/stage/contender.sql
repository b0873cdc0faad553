-- grain:   one row per version of a key that has several
-- reads:   arrival
-- params:  none
-- returns: place, environment, row_id, version_no, sink_at, modified_at, deleted
-- Only narrow columns and only keys in doubt: a window over whole rows of a large table would spill to disk. The same id
-- in two environments is rare and harmless here.
SELECT a.rowid AS place, a.environment, a.row_id, a.version_no, a.sink_at, a.modified_at, a.deleted
FROM arrival a
SEMI JOIN (
    SELECT row_id
    FROM arrival
    GROUP BY row_id
    HAVING COUNT(*) > 1
) several ON several.row_id = a.row_id
