-- grain:   one row per environment and channel class that is declared never switched on but has a session
-- reads:   environment, msdyn_ocsession_version, rule_channel
-- params:  none
-- returns: environment, class, sessions
SELECT e.environment, c.class, CAST(COUNT(DISTINCT s.row_id) AS BIGINT) AS sessions
FROM environment e
INNER JOIN msdyn_ocsession_version s ON s.environment = e.environment
INNER JOIN rule_channel c ON c.value = s.msdyn_channel
WHERE LIST_CONTAINS(e.not_provisioned, c.class)
GROUP BY e.environment, c.class
ORDER BY e.environment, c.class
