-- grain:   one row per source file
-- reads:   counted
-- params:  none
-- returns: source, n
SELECT source, CAST(COUNT(*) AS BIGINT) AS n
FROM counted
GROUP BY source
