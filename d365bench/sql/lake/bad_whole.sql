-- grain:   a function: text in, whether it is filled but not what as_whole reads
-- reads:   none
-- params:  none
-- returns: nothing
CREATE OR REPLACE TEMPORARY FUNCTION bad_whole(x STRING) RETURNS BOOLEAN RETURN x IS NOT NULL AND as_whole(x) IS NULL
