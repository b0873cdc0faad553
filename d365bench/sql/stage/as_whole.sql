-- grain:   a macro: text in, the whole number or NULL out
-- reads:   none
-- params:  none
-- returns: nothing
-- The cast alone would round 1.6 and read 1e3; '4.0', as tools write it, is whole.
CREATE TEMP MACRO as_whole(x) AS
CASE
    WHEN CAST(TRY_CAST(x AS BIGINT) AS VARCHAR) = x THEN TRY_CAST(x AS BIGINT)
    WHEN REGEXP_FULL_MATCH(x, '[+-]?[0-9]+([.]0*)?') THEN TRY_CAST(x AS BIGINT)
END
