-- grain:   a macro: text in, yes or no or NULL out
-- reads:   none
-- params:  none
-- returns: nothing
CREATE TEMP MACRO as_flag(x) AS
CASE
    WHEN LOWER(x) IN ('true', '1', 'yes') THEN TRUE
    WHEN LOWER(x) IN ('false', '0', 'no') THEN FALSE
END
