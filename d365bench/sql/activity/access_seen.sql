-- grain:   one row per environment, person and kind of an audited access; person_id is NULL where no human's record has the id
-- reads:   audit_version, account_person
-- params:  none
-- returns: environment, person_id, kind, last_at
-- Operation 4 is an access: it proves use, never a need.
SELECT
    v.environment,
    CASE WHEN a.human THEN a.person_id END AS person_id,
    CASE WHEN v.callinguserid IS NULL THEN 'action' ELSE 'indirect' END AS kind,
    MAX(v.createdon) AS last_at
FROM audit_version v
LEFT JOIN account_person a ON a.environment = v.environment AND a.systemuser_id = v.userid
WHERE v.last_live AND v.operation = 4
GROUP BY
    v.environment,
    CASE WHEN a.human THEN a.person_id END,
    CASE WHEN v.callinguserid IS NULL THEN 'action' ELSE 'indirect' END
