-- grain:   one row per person, environment, case and day
-- reads:   touch, incident_version, account_person
-- params:  none
-- returns: person_id, environment, case_id, day, created, worked, resolved, indirect_worked, known, own, sla, entitlement, copilot
-- own: that person created the case, and not through another account. A case whose row was not loaded is neither own
-- nor of others, and has no SLA, entitlement or Copilot mark.
SELECT
    t.person_id,
    t.environment,
    t.object_id AS case_id,
    t.day,
    MAX(CASE WHEN t.kind = 'action' AND t.action = 'case.created' THEN 1 ELSE 0 END) AS created,
    MAX(CASE WHEN t.kind = 'action' AND t.action = 'case.worked' THEN 1 ELSE 0 END) AS worked,
    MAX(CASE WHEN t.kind = 'action' AND t.action = 'case.resolved' THEN 1 ELSE 0 END) AS resolved,
    MAX(CASE WHEN t.kind = 'indirect' AND t.action IN ('case.worked', 'case.resolved') THEN 1 ELSE 0 END) AS indirect_worked,
    MAX(CASE WHEN f.case_id IS NULL THEN 0 ELSE 1 END) AS known,
    MAX(CASE WHEN f.creator_id = t.person_id THEN 1 ELSE 0 END) AS own,
    MAX(COALESCE(f.sla, 0)) AS sla,
    MAX(COALESCE(f.entitlement, 0)) AS entitlement,
    MAX(COALESCE(f.copilot, 0)) AS copilot
FROM touch t
LEFT JOIN (
    SELECT
        i.environment,
        i.row_id AS case_id,
        CASE WHEN i.createdonbehalfby IS NULL THEN c.person_id END AS creator_id,
        CASE WHEN i.slaid IS NULL THEN 0 ELSE 1 END AS sla,
        CASE WHEN i.entitlementid IS NULL THEN 0 ELSE 1 END AS entitlement,
        CASE WHEN i.msdyn_copilotengaged THEN 1 ELSE 0 END AS copilot
    FROM incident_version i
    LEFT JOIN account_person c ON c.environment = i.environment AND c.systemuser_id = i.createdby
    WHERE i.last_live
) f ON f.environment = t.environment AND f.case_id = t.object_id
WHERE t.person_id IS NOT NULL AND t.action IN ('case.created', 'case.worked', 'case.resolved')
GROUP BY t.person_id, t.environment, t.object_id, t.day
