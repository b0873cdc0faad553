-- grain:   one row per version of a key that has several
-- reads:   arrival
-- params:  none
-- returns: place, environment, row_id, version_no, sink_at, modified_at, deleted
-- Only narrow columns and only keys in doubt: a window over whole rows of a large table would spill to disk. Grouping by a
-- hash is half the work; a key that is here only because another one has its hash, or its id elsewhere, does no harm.
SELECT a.rowid AS place, a.environment, a.row_id, a.version_no, a.sink_at, a.modified_at, a.deleted
FROM arrival a
SEMI JOIN (
    SELECT HASH(row_id) AS key_hash
    FROM arrival
    GROUP BY HASH(row_id)
    HAVING COUNT(*) > 1
) several ON several.key_hash = HASH(a.row_id)
