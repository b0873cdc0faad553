-- grain:   one row per queue item taken and per change of a knowledge article
-- reads:   queueitem_version, knowledgearticle_version, account_person
-- params:  none
-- returns: environment, person_id, kind, action, object_id, act_at, live_chat
-- Root articles are containers; a team as worker is nobody's work.
SELECT
    x.environment,
    p.person_id,
    CASE WHEN x.other_account IS NULL THEN 'action' ELSE 'indirect' END AS kind,
    x.action,
    x.object_id,
    x.act_at,
    0 AS live_chat
FROM (
    -- a later version that keeps the worker is no further act
    SELECT DISTINCT environment, workerid AS actor_id, CAST(NULL AS STRING) AS other_account, 'queue.worked' AS action, row_id AS object_id, workeridmodifiedon AS act_at
    FROM queueitem_version
    WHERE NOT deleted
        AND LOWER(objecttypecode) IN ('incident', '112')
        AND COALESCE(LOWER(workeridtype), 'systemuser') IN ('systemuser', '8')
    UNION ALL
    SELECT environment, createdby, CAST(createdonbehalfby AS STRING), 'knowledge.authored', row_id, createdon
    FROM knowledgearticle_version
    WHERE last_live AND NOT COALESCE(isrootarticle, FALSE)
    UNION ALL
    SELECT environment, modifiedby, CAST(modifiedonbehalfby AS STRING), 'knowledge.authored', row_id, modified_at
    FROM knowledgearticle_version
    WHERE last_live AND NOT COALESCE(isrootarticle, FALSE) AND modified_at > createdon
) x
LEFT JOIN account_person p ON p.environment = x.environment AND p.systemuser_id = x.actor_id
WHERE x.actor_id IS NOT NULL AND x.act_at IS NOT NULL AND COALESCE(p.human, TRUE)
