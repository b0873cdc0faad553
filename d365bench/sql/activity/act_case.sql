-- grain:   one row per act on a case: a creation, a change in any exported version, an audited change, a resolution
-- reads:   incident_version, incidentresolution_version, audit_version, account_person
-- params:  none
-- returns: environment, person_id, kind, action, object_id, act_at, live_chat
-- An act that another account did for the person (…onbehalfby, callinguserid) is indirect and no action of theirs.
SELECT
    x.environment,
    p.person_id,
    CASE WHEN x.other_account IS NULL THEN 'action' ELSE 'indirect' END AS kind,
    x.action,
    x.case_id AS object_id,
    x.act_at,
    0 AS live_chat
FROM (
    SELECT environment, createdby AS actor_id, createdonbehalfby AS other_account, 'case.created' AS action, row_id AS case_id, createdon AS act_at
    FROM incident_version
    WHERE last_live
    UNION ALL
    -- the same version delivered again is the same act
    SELECT DISTINCT environment, modifiedby, modifiedonbehalfby, 'case.worked', row_id, modified_at
    FROM incident_version
    WHERE NOT deleted AND modified_at > createdon
    UNION ALL
    -- operation 2 is an update; action 11 is the cascade of another change, nobody's own act
    SELECT environment, userid, callinguserid, 'case.worked', objectid, createdon
    FROM audit_version
    WHERE last_live AND operation = 2 AND COALESCE(action, 0) <> 11 AND LOWER(objecttypecode) IN ('incident', '112')
    UNION ALL
    SELECT environment, createdby, createdonbehalfby, 'case.resolved', incidentid, createdon
    FROM incidentresolution_version
    WHERE last_live
) x
LEFT JOIN account_person p ON p.environment = x.environment AND p.systemuser_id = x.actor_id
WHERE x.actor_id IS NOT NULL AND x.act_at IS NOT NULL AND COALESCE(p.human, TRUE)
