-- grain:   a macro: text in, whether it is filled but no whole number
-- reads:   none
-- params:  none
-- returns: nothing
CREATE TEMP MACRO bad_whole(x) AS x IS NOT NULL AND as_whole(x) IS NULL
