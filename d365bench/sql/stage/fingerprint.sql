-- grain:   one row: what the store was made of
-- reads:   fingerprint
-- params:  none
-- returns: fingerprint
SELECT fingerprint
FROM fingerprint
