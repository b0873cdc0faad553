-- grain:   one row per person, environment, day and action of one kind: 'action', 'indirect' or 'offered'
-- reads:   touch
-- params:  $kind STRING
-- returns: person_id, environment, day, action, n, distinct_objects, live_chat_objects, first_at, last_at
SELECT
    person_id,
    environment,
    day,
    action,
    CAST(SUM(n) AS BIGINT) AS n,
    CAST(COUNT(*) AS BIGINT) AS distinct_objects,
    CAST(SUM(live_chat) AS BIGINT) AS live_chat_objects,
    MIN(first_at) AS first_at,
    MAX(last_at) AS last_at
FROM touch
WHERE person_id IS NOT NULL AND kind = CAST($kind AS STRING)
GROUP BY person_id, environment, day, action
