-- grain:   one row per delivery and reason for which rows of it were refused
-- reads:   quarantine, file
-- params:  none
-- returns: set_id, reason, n
SELECT f.set_id, q.reason, CAST(COUNT(*) AS BIGINT) AS n
FROM quarantine q
INNER JOIN file f ON f.file_id = q.file_id
WHERE f.set_id IS NOT NULL
GROUP BY f.set_id, q.reason
ORDER BY f.set_id, q.reason
