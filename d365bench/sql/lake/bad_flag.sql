-- grain:   a function: text in, whether it is filled but not what as_flag reads
-- reads:   none
-- params:  none
-- returns: nothing
CREATE OR REPLACE TEMPORARY FUNCTION bad_flag(x STRING) RETURNS BOOLEAN RETURN x IS NOT NULL AND as_flag(x) IS NULL
