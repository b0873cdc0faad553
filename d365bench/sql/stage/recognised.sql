-- grain:   one row: how many ids are known already
-- reads:   candidate, known_id
-- params:  none
-- returns: n
SELECT CAST(COUNT(*) AS BIGINT) AS n
FROM (SELECT DISTINCT id FROM candidate) c
SEMI JOIN known_id k ON k.id = c.id
