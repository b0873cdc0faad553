-- grain:   one row per file with refused rows whose record number is not known yet
-- reads:   arrival
-- params:  none
-- returns: file_id
SELECT DISTINCT file_id
FROM arrival
WHERE standing NOT IN ('latest', 'deleted') AND record IS NULL
ORDER BY file_id
