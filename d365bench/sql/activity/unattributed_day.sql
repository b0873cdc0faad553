-- grain:   one row per environment, day and action of work by ids that no user record has
-- reads:   touch
-- params:  none
-- returns: environment, day, action, n
SELECT environment, day, action, CAST(SUM(n) AS BIGINT) AS n
FROM touch
WHERE person_id IS NULL AND kind = 'action'
GROUP BY environment, day, action
