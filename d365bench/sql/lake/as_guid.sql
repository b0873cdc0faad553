-- grain:   a function: text in, the GUID in lower case or NULL out
-- reads:   none
-- params:  none
-- returns: nothing
CREATE OR REPLACE TEMPORARY FUNCTION as_guid(x STRING) RETURNS STRING RETURN
CASE
    WHEN x RLIKE '^([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12})$' THEN LOWER(x)
    WHEN x RLIKE '^[{][0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}[}]$'
        THEN LOWER(SUBSTR(x, 2, 36))
END
