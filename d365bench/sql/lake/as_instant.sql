-- grain:   a function: text in, the instant (UTC, without zone) or NULL out
-- reads:   none
-- params:  none
-- returns: nothing
-- The forms of stage/as_instant. An offset is read by the type with a zone, in a session whose zone is UTC.
CREATE OR REPLACE TEMPORARY FUNCTION as_instant(x STRING) RETURNS TIMESTAMP_NTZ RETURN
CASE
    WHEN x LIKE '%/%' THEN CAST(TRY_TO_TIMESTAMP(x, 'M/d/yyyy h:mm:ss a') AS TIMESTAMP_NTZ)
    WHEN NOT x RLIKE '^[0-9]{4}-[0-9]{2}-[0-9]{2}' THEN NULL
    ELSE CAST(TRY_CAST(x AS TIMESTAMP) AS TIMESTAMP_NTZ)
END
