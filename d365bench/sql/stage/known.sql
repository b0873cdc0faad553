-- grain:   one row per key of a table that is settled
-- reads:   arrival
-- params:  none
-- returns: id
SELECT DISTINCT CAST(row_id AS VARCHAR) AS id
FROM arrival
