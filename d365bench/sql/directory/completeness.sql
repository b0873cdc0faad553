-- grain:   one row per directory or licence file, judged over all pages of its answer
-- reads:   directory_verdict
-- params:  none
-- returns: file_id, complete, why
SELECT file_id, complete, why FROM directory_verdict ORDER BY file_id
