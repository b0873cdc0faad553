-- grain:   one row per file and standing
-- reads:   arrival
-- params:  none
-- returns: file_id, standing, n
SELECT file_id, standing, CAST(COUNT(*) AS BIGINT) AS n
FROM arrival
GROUP BY file_id, standing
