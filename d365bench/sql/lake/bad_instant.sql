-- grain:   a function: text in, whether it is filled but not what as_instant reads
-- reads:   none
-- params:  none
-- returns: nothing
CREATE OR REPLACE TEMPORARY FUNCTION bad_instant(x STRING) RETURNS BOOLEAN RETURN x IS NOT NULL AND as_instant(x) IS NULL
