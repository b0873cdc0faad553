-- grain:   one row per day of decision, horizon and person who worked a channel or an Enterprise feature in it
-- reads:   horizon, activity_day, case_touch, record_touch, environment
-- params:  none
-- returns: decided_on, horizon_days, person_id, digital, voice, enterprise
-- The horizon is [decided_on, decided_on + horizon_days). Counted interactions, and Enterprise touches: cases with SLA,
-- entitlement or Copilot worked, records routed.
WITH counted AS (
    SELECT environment FROM environment WHERE kind = 'production' AND service
),
work AS (
    SELECT
        person_id,
        environment,
        day,
        CASE WHEN action IN ('digital.handled', 'digital.consulted') THEN distinct_objects ELSE 0 END AS digital,
        CASE WHEN action IN ('voice.handled', 'voice.consulted') THEN distinct_objects ELSE 0 END AS voice,
        0 AS enterprise
    FROM activity_day
    WHERE action IN ('digital.handled', 'digital.consulted', 'voice.handled', 'voice.consulted')
    UNION ALL
    SELECT person_id, environment, day, 0, 0, 1
    FROM case_touch
    WHERE worked + resolved > 0 AND sla + entitlement + copilot > 0
    UNION ALL
    SELECT person_id, environment, day, 0, 0, 1 FROM record_touch
)
SELECT
    h.decided_on,
    h.horizon_days,
    w.person_id,
    CAST(sum(w.digital) AS BIGINT) AS digital,
    CAST(sum(w.voice) AS BIGINT) AS voice,
    CAST(sum(w.enterprise) AS BIGINT) AS enterprise
FROM work w
JOIN counted USING (environment)
JOIN horizon h ON w.day >= h.decided_on AND w.day < h.decided_on + h.horizon_days
GROUP BY h.decided_on, h.horizon_days, w.person_id
