-- grain:   a function: text in, whether it is filled but not what as_guid reads
-- reads:   none
-- params:  none
-- returns: nothing
CREATE OR REPLACE TEMPORARY FUNCTION bad_guid(x STRING) RETURNS BOOLEAN RETURN x IS NOT NULL AND as_guid(x) IS NULL
