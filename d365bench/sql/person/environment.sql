-- grain:   one row per person and environment of theirs, over production environments with service work
-- reads:   person_record, environment, file_set, person_role, activity_day
-- params:  $as_of DATE, $season_days INTEGER
-- returns: person_id, environment
-- Theirs is an environment with an enabled user record (a disabled one where none is enabled) and, where roles were
-- exported, at least one role; and any in which they acted in the window or the look-back.
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
    SELECT DISTINCT environment FROM file_set WHERE table_name = 'systemuserroles'
)
SELECT r.person_id, r.environment
FROM record r
WHERE (r.enabled OR NOT r.any_enabled)
    AND (
        r.environment NOT IN (SELECT environment FROM roles_exported)
        OR EXISTS (SELECT 1 FROM person_role p WHERE p.person_id = r.person_id AND p.environment = r.environment)
    )
UNION
SELECT DISTINCT a.person_id, a.environment
FROM activity_day a
JOIN counted USING (environment)
WHERE a.day >= $as_of::DATE - $season_days::INTEGER AND a.day < $as_of::DATE
