-- grain:   a macro: text in, whether it is filled but no GUID
-- reads:   none
-- params:  none
-- returns: nothing
CREATE TEMP MACRO bad_guid(x) AS x IS NOT NULL AND as_guid(x) IS NULL
