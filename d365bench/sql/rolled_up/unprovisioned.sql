-- grain:   one row per environment and channel class that is declared never switched on but has a session
-- reads:   environment, channel_record
-- params:  none
-- returns: environment, class, sessions
SELECT e.environment, c.class, c.sessions
FROM environment e
INNER JOIN channel_record c ON c.environment = e.environment
WHERE LIST_CONTAINS(e.not_provisioned, c.class)
ORDER BY e.environment, c.class
