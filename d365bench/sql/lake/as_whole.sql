-- grain:   a function: text in, the whole number or NULL out
-- reads:   none
-- params:  none
-- returns: nothing
CREATE OR REPLACE TEMPORARY FUNCTION as_whole(x STRING) RETURNS BIGINT RETURN
CASE WHEN x RLIKE '^[+-]?[0-9]+([.]0*)?$' THEN TRY_CAST(SPLIT_PART(x, '.', 1) AS BIGINT) END
