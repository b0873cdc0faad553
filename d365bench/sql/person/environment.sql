-- grain:   one row per person and environment of theirs, over production environments with service work
-- reads:   person_record, environment, file_set, person_role, systemuserroles_version, teammembership_version, account_person, activity_day
-- params:  $as_of DATE, $season_days INTEGER
-- returns: person_id, environment
-- Theirs is an environment with an enabled user record (a disabled one where none is enabled) and, where roles were
-- exported, at least one role; and any in which they acted in the window or the look-back. Roles count as exported only
-- where their absence is proved: by whole deliveries with rows, and with the roles of teams for whoever is in a team.
WITH counted AS (
    SELECT environment FROM environment WHERE kind = 'production' AND service
),
record AS (
    SELECT
        r.person_id,
        r.environment,
        bool_or(r.enabled) AS enabled,
        bool_or(bool_or(r.enabled)) OVER (PARTITION BY r.person_id) AS any_enabled
    FROM person_record r
    JOIN counted USING (environment)
    WHERE NOT r.in_directory AND r.human
    GROUP BY r.person_id, r.environment
),
roles_exported AS (
    SELECT environment
    FROM file_set
    WHERE table_name IN ('systemuserroles', 'teammembership', 'teamroles')
    GROUP BY environment
    HAVING bool_and(complete)
        AND bool_or(table_name = 'systemuserroles')
        AND environment IN (SELECT environment FROM systemuserroles_version WHERE standing = 'latest')
),
by_unknown_team AS (
    SELECT a.person_id, m.environment
    FROM teammembership_version m
    JOIN account_person a ON a.environment = m.environment AND a.systemuser_id = m.systemuserid
    WHERE m.standing = 'latest'
        AND m.environment NOT IN (SELECT environment FROM file_set WHERE table_name = 'teamroles')
)
SELECT r.person_id, r.environment
FROM record r
WHERE (r.enabled OR NOT r.any_enabled)
    AND (
        r.environment NOT IN (SELECT environment FROM roles_exported)
        OR EXISTS (SELECT 1 FROM person_role p WHERE p.person_id = r.person_id AND p.environment = r.environment)
        OR EXISTS (SELECT 1 FROM by_unknown_team t WHERE t.person_id = r.person_id AND t.environment = r.environment)
    )
UNION
SELECT DISTINCT a.person_id, a.environment
FROM activity_day a
JOIN counted USING (environment)
WHERE a.day >= $as_of::DATE - $season_days::INTEGER AND a.day < $as_of::DATE
