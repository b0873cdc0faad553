-- grain:   a macro: 16 bytes in, the GUID as text out
-- reads:   none
-- params:  none
-- returns: nothing
CREATE TEMP MACRO guid_big_endian(x) AS
REGEXP_REPLACE(LOWER(HEX(x)), '(.{8})(.{4})(.{4})(.{4})(.{12})', '\1-\2-\3-\4-\5')
