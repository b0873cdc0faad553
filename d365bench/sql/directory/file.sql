-- grain:   one row per directory or licence file, as it speaks for itself
-- reads:   directory_file
-- params:  none
-- returns: file_id, complete, why
SELECT file_id, complete, why FROM directory_file ORDER BY file_id
