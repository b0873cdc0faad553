-- grain:   one row per person invited to a session that they did not join
-- reads:   offered_day, activity_repeat, person_environment
-- params:  $as_of DATE, $window_days INTEGER
-- returns: person_id, digital_offered, voice_offered
WITH asked AS (
    SELECT $as_of::DATE AS as_of, $as_of::DATE - $window_days::INTEGER AS window_from
),
signed AS (
    SELECT o.person_id, o.environment, o.action, o.distinct_objects AS objects
    FROM offered_day o, asked q
    WHERE o.day >= q.window_from AND o.day < q.as_of
    UNION ALL
    SELECT r.person_id, r.environment, r.action, -r.objects
    FROM activity_repeat r, asked q
    WHERE r.kind = 'offered' AND r.previous_day >= q.window_from AND r.day < q.as_of
)
SELECT
    s.person_id,
    CAST(coalesce(sum(objects) FILTER (action = 'digital.offered'), 0) AS BIGINT) AS digital_offered,
    CAST(coalesce(sum(objects) FILTER (action = 'voice.offered'), 0) AS BIGINT) AS voice_offered
FROM signed s
SEMI JOIN person_environment e ON e.person_id = s.person_id AND e.environment = s.environment
GROUP BY s.person_id
