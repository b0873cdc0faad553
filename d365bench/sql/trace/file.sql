-- grain:   one row per file of the exports
-- reads:   file
-- params:  none
-- returns: file_id, path, sha256
SELECT file_id, path, sha256 FROM file
