-- grain:   a function: text in, yes or no or NULL out
-- reads:   none
-- params:  none
-- returns: nothing
CREATE OR REPLACE TEMPORARY FUNCTION as_flag(x STRING) RETURNS BOOLEAN RETURN
CASE
    WHEN LOWER(x) IN ('true', '1', 'yes') THEN TRUE
    WHEN LOWER(x) IN ('false', '0', 'no') THEN FALSE
END
