-- grain:   one row per environment and channel class with a session
-- reads:   msdyn_ocsession_version, rule_channel
-- params:  none
-- returns: environment, class, sessions
SELECT s.environment, c.class, CAST(COUNT(DISTINCT s.row_id) AS BIGINT) AS sessions
FROM msdyn_ocsession_version s
INNER JOIN rule_channel c ON c.value = s.msdyn_channel
GROUP BY s.environment, c.class
