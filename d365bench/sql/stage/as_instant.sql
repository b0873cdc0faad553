-- grain:   a macro: text in, the instant (UTC, without zone) or NULL out
-- reads:   none
-- params:  none
-- returns: nothing
-- Three forms and no guessing of day and month: ISO in UTC, ISO with another offset, US 12-hour as Synapse Link writes it.
-- The plain cast ignores an offset, so only texts that are in UTC go there; 'infinity' and the like have no year in front.
-- The commonest forms come first: this runs five times on every row.
CREATE TEMP MACRO as_instant(x) AS
CASE
    WHEN x LIKE '%Z' OR x LIKE '%+00:00' THEN TRY_CAST(x AS TIMESTAMP)
    WHEN x LIKE '%/%' THEN TRY_STRPTIME(x, '%m/%d/%Y %I:%M:%S %p')
    WHEN x NOT LIKE '____-__-__%' THEN NULL
    WHEN STRLEN(x) <= 19 THEN TRY_CAST(x AS TIMESTAMP)
    ELSE TRY_CAST(x AS TIMESTAMPTZ) AT TIME ZONE 'UTC'
END
