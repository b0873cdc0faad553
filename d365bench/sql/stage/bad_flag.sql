-- grain:   a macro: text in, whether it is filled but no yes or no
-- reads:   none
-- params:  none
-- returns: nothing
CREATE TEMP MACRO bad_flag(x) AS x IS NOT NULL AND as_flag(x) IS NULL
