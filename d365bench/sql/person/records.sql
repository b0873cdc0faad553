-- grain:   one row per person with routed records in the window
-- reads:   record_touch, person_environment
-- params:  $as_of DATE, $window_days INTEGER
-- returns: person_id, routed_records
SELECT t.person_id, CAST(count(DISTINCT (t.environment, t.object_id)) AS BIGINT) AS routed_records
FROM record_touch t
SEMI JOIN person_environment e ON e.person_id = t.person_id AND e.environment = t.environment
WHERE t.day >= $as_of::DATE - $window_days::INTEGER AND t.day < $as_of::DATE
GROUP BY t.person_id
