-- grain:   one row per person, environment, kind, action, object and UTC day; person_id is NULL where no user record has the id
-- reads:   act_session, act_case, act_desk
-- params:  none
-- returns: person_id, environment, kind, action, object_id, day, n, live_chat, first_at, last_at
SELECT
    person_id,
    environment,
    kind,
    action,
    object_id,
    CAST(act_at AS DATE) AS day,
    CAST(COUNT(*) AS BIGINT) AS n,
    MAX(live_chat) AS live_chat,
    MIN(act_at) AS first_at,
    MAX(act_at) AS last_at
FROM (
    SELECT person_id, environment, kind, action, object_id, act_at, live_chat FROM act_session
    UNION ALL
    SELECT person_id, environment, kind, action, object_id, act_at, live_chat FROM act_case
    UNION ALL
    SELECT person_id, environment, kind, action, object_id, act_at, live_chat FROM act_desk
) acts
GROUP BY person_id, environment, kind, action, object_id, CAST(act_at AS DATE)
