-- grain:   one row: acts in the window, in production environments with service, by ids that no user record has
-- reads:   unattributed_day, environment
-- params:  $as_of DATE, $window_days INTEGER
-- returns: acts
SELECT CAST(coalesce(sum(u.n), 0) AS BIGINT) AS acts
FROM unattributed_day u
JOIN environment e ON e.environment = u.environment AND e.kind = 'production' AND e.service
WHERE u.day >= $as_of::DATE - $window_days::INTEGER AND u.day < $as_of::DATE
