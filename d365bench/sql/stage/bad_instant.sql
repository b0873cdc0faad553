-- grain:   a macro: text in, whether it is filled but no instant
-- reads:   none
-- params:  none
-- returns: nothing
CREATE TEMP MACRO bad_instant(x) AS x IS NOT NULL AND as_instant(x) IS NULL
