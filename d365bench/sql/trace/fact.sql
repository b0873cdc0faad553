-- grain:   one row per session or case among those asked for, at its last live version
-- reads:   traced_object, msdyn_ocsession_version, rule_channel, incident_version, account_person
-- params:  $person_id VARCHAR
-- returns: environment, object_id, fact, own, sla, entitlement, copilot, act_at, table_name, file_id, row_key, version_no, sink_at, modified_at
-- What a count of interactions or cases rests on beside the act itself: the session's channel, the case's creator,
-- SLA, entitlement and Copilot mark. own is empty for sessions.
SELECT
    s.environment,
    o.object_id,
    'channel ' || coalesce(CAST(s.msdyn_channel AS VARCHAR), 'missing') || coalesce(' (' || c.class || ')', '') AS fact,
    CAST(NULL AS BOOLEAN) AS own,
    false AS sla,
    false AS entitlement,
    false AS copilot,
    s.createdon AS act_at,
    'msdyn_ocsession' AS table_name,
    s.file_id,
    CAST(s.row_id AS VARCHAR) AS row_key,
    s.version_no,
    s.sink_at,
    s.modified_at
FROM traced_object o
JOIN msdyn_ocsession_version s ON s.environment = o.environment AND s.row_id = CAST(o.object_id AS UUID) AND s.last_live
LEFT JOIN rule_channel c ON c.value = s.msdyn_channel
UNION ALL
SELECT
    i.environment,
    o.object_id,
    concat_ws(
        ', ',
        CASE WHEN a.person_id = $person_id::VARCHAR AND i.createdonbehalfby IS NULL THEN 'own case' ELSE 'case of another' END,
        CASE WHEN i.slaid IS NOT NULL THEN 'with an SLA' END,
        CASE WHEN i.entitlementid IS NOT NULL THEN 'with an entitlement' END,
        CASE WHEN i.msdyn_copilotengaged THEN 'with Copilot' END
    ),
    coalesce(a.person_id = $person_id::VARCHAR AND i.createdonbehalfby IS NULL, false),
    i.slaid IS NOT NULL,
    i.entitlementid IS NOT NULL,
    coalesce(i.msdyn_copilotengaged, false),
    i.createdon,
    'incident',
    i.file_id,
    CAST(i.row_id AS VARCHAR),
    i.version_no,
    i.sink_at,
    i.modified_at
FROM traced_object o
JOIN incident_version i ON i.environment = o.environment AND i.row_id = CAST(o.object_id AS UUID) AND i.last_live
LEFT JOIN account_person a ON a.environment = i.environment AND a.systemuser_id = i.createdby
