-- grain:   a macro: 16 bytes in, the GUID as text out
-- reads:   none
-- params:  none
-- returns: nothing
-- Microsoft's own writers store the first three groups with their bytes reversed; the last twelve digits stay as they are.
CREATE TEMP MACRO guid_little_endian(x) AS
REGEXP_REPLACE(LOWER(HEX(x)), '^(..)(..)(..)(..)(..)(..)(..)(..)(.{4})', '\4\3\2\1-\6\5-\8\7-\9-')
