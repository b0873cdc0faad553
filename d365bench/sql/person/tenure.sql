-- grain:   one row per person with a dated seat or a dated first record of a channel
-- reads:   seat, rule_right, person_environment, joined_day
-- params:  $as_of DATE
-- returns: person_id, tenure_assigned_digital, tenure_assigned_voice, tenure_assigned_enterprise, tenure_assigned_cases, tenure_channel_digital, tenure_channel_voice
WITH assigned AS (
    SELECT
        s.person_id,
        max(s.assigned_on) FILTER (r.right_name = 'digital') AS digital,
        max(s.assigned_on) FILTER (r.right_name = 'voice') AS voice,
        max(s.assigned_on) FILTER (r.right_name = 'enterprise') AS enterprise,
        max(s.assigned_on) FILTER (r.right_name = 'cases') AS cases
    FROM seat s
    JOIN rule_right r USING (product_key)
    GROUP BY s.person_id
),
channel_day AS (
    SELECT environment, class, min(day) AS day FROM joined_day GROUP BY ALL
),
channel AS (
    SELECT
        e.person_id,
        min(c.day) FILTER (c.class = 'digital') AS digital,
        min(c.day) FILTER (c.class = 'voice') AS voice
    FROM person_environment e
    JOIN channel_day c USING (environment)
    GROUP BY e.person_id
)
SELECT
    person_id,
    CAST($as_of::DATE - a.digital AS BIGINT) AS tenure_assigned_digital,
    CAST($as_of::DATE - a.voice AS BIGINT) AS tenure_assigned_voice,
    CAST($as_of::DATE - a.enterprise AS BIGINT) AS tenure_assigned_enterprise,
    CAST($as_of::DATE - a.cases AS BIGINT) AS tenure_assigned_cases,
    CAST($as_of::DATE - c.digital AS BIGINT) AS tenure_channel_digital,
    CAST($as_of::DATE - c.voice AS BIGINT) AS tenure_channel_voice
FROM assigned a
FULL JOIN channel c USING (person_id)
