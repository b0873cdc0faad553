-- grain:   one row per person seen in the application: directory sign-in, audited access, Purview act
-- reads:   person, person_record, audit_version, environment, account_person, purview_act
-- params:  none
-- returns: person_id, last_seen
-- Use proves no need; operation 4 of the audit table is an access.
SELECT person_id, max(seen_at) AS last_seen
FROM (
    SELECT person_id, directory_sign_in AS seen_at FROM person
    UNION ALL
    SELECT a.person_id, v.createdon
    FROM audit_version v
    JOIN environment e ON e.environment = v.environment AND e.kind = 'production' AND e.service
    JOIN account_person a ON a.environment = v.environment AND a.systemuser_id = v.userid AND a.human
    WHERE v.last_live AND v.operation = 4 AND v.callinguserid IS NULL
    UNION ALL
    SELECT r.person_id, p.at_instant
    FROM purview_act p
    JOIN (
        SELECT DISTINCT person_id, upn AS name FROM person_record WHERE upn IS NOT NULL
        UNION
        SELECT DISTINCT person_id, object_id FROM person_record WHERE object_id IS NOT NULL
    ) r ON r.name = p.user_id
)
WHERE seen_at IS NOT NULL
GROUP BY person_id
