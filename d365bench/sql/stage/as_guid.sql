-- grain:   a macro: text in, the GUID or NULL out
-- reads:   none
-- params:  none
-- returns: nothing
-- The cast alone would accept a GUID without dashes or with dashes anywhere, so the form is checked first.
CREATE TEMP MACRO as_guid(x) AS
CASE
    WHEN x LIKE '________-____-____-____-____________' THEN TRY_CAST(x AS UUID)
    WHEN x LIKE '{________-____-____-____-____________}' THEN TRY_CAST(SUBSTR(x, 2, 36) AS UUID)
END
