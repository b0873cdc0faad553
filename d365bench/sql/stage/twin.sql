-- grain:   one row per version that shares version number, times and deletion with another version of its key
-- reads:   arrival, contender
-- params:  none
-- returns: place, filled, content
-- Content breaks the tie, so that neither file names nor the order of rows can: the fuller row first, then a hash of it.
SELECT
    a.rowid AS place,
    LEN(STRING_SPLIT(CONCAT_WS(CHR(31), *COLUMNS(a.* EXCLUDE (file_id, standing, last_live))), CHR(31))) AS filled,
    MD5(CONCAT_WS(CHR(31), *COLUMNS(a.* EXCLUDE (file_id, standing, last_live)))) AS content
FROM arrival a
SEMI JOIN (
    SELECT UNNEST(places) AS place
    FROM (
        SELECT LIST(place) AS places
        FROM contender
        GROUP BY environment, row_id, version_no, sink_at, modified_at, deleted
        HAVING COUNT(*) > 1
    )
) tied ON tied.place = a.rowid
