-- grain:   one row
-- reads:   account_person, object_person, rule_channel
-- params:  none
-- returns: mapping
-- Whose account is whose and which channel is which, as one hash that does not depend on the order of rows.
SELECT MD5(STRING_AGG(line, CHR(10) ORDER BY line)) AS mapping
FROM (
    SELECT CONCAT_WS('|', 'account', environment, systemuser_id, person_id, human) AS line FROM account_person
    UNION ALL
    SELECT CONCAT_WS('|', 'object', object_id, person_id, human) FROM object_person
    UNION ALL
    SELECT CONCAT_WS('|', 'channel', value, class) FROM rule_channel
)
