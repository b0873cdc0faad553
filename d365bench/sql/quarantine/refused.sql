-- grain:   one row per record that was refused before it reached the stage
-- reads:   refused_record
-- params:  none
-- returns: file_id, record, reason
SELECT file_id, record, reason
FROM refused_record
