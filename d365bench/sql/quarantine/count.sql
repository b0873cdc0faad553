-- grain:   one row per file with refused rows
-- reads:   quarantine
-- params:  none
-- returns: file_id, n
SELECT file_id, CAST(COUNT(*) AS BIGINT) AS n
FROM quarantine
GROUP BY file_id
