-- grain:   one row per environment whose incidents come with every version
-- reads:   file_set
-- params:  none
-- returns: environment
SELECT DISTINCT environment FROM file_set WHERE table_name = 'incident' AND append_only
