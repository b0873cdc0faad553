-- grain:   one row per file whose rows have arrived since the last count
-- reads:   arrival
-- params:  none
-- returns: file_id, n
SELECT file_id, CAST(COUNT(*) AS BIGINT) AS n
FROM arrival
GROUP BY file_id
