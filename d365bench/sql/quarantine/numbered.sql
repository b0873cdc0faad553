-- grain:   one row per refused row whose record number came along
-- reads:   arrival
-- params:  none
-- returns: file_id, record, reason
SELECT file_id, record, standing AS reason
FROM arrival
WHERE standing NOT IN ('latest', 'deleted') AND record IS NOT NULL
