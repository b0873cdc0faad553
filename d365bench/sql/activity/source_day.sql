-- grain:   one row per environment, source, delivery and day with a record of anyone, bots included
-- reads:   msdyn_sessionparticipant_version, msdyn_ocsession_version, incident_version, incidentresolution_version, audit_version, file, file_set
-- params:  none
-- returns: environment, source, set_id, day, n
SELECT x.environment, x.source, f.set_id, CAST(x.record_at AS DATE) AS day, CAST(COUNT(*) AS BIGINT) AS n
FROM (
    SELECT environment, 'sessions' AS source, file_id, msdyn_joinedon AS record_at
    FROM msdyn_sessionparticipant_version
    WHERE NOT deleted
    UNION ALL
    -- no source of its own: tells which days a delivery of sessions spans
    SELECT environment, 'session_rows', file_id, createdon FROM msdyn_ocsession_version WHERE NOT deleted
    UNION ALL
    SELECT environment, 'cases', file_id, createdon FROM incident_version WHERE NOT deleted
    UNION ALL
    SELECT environment, 'cases', file_id, modified_at FROM incident_version WHERE NOT deleted
    UNION ALL
    SELECT environment, 'cases', file_id, createdon FROM incidentresolution_version WHERE NOT deleted
    UNION ALL
    SELECT environment, 'case_history', file_id, createdon
    FROM audit_version
    WHERE NOT deleted AND LOWER(objecttypecode) IN ('incident', '112')
    UNION ALL
    -- an append-only export keeps every version, so its changes are a history of their own
    SELECT i.environment, 'case_history', i.file_id, i.modified_at
    FROM incident_version i
    INNER JOIN file v ON v.file_id = i.file_id
    INNER JOIN file_set s ON s.set_id = v.set_id
    WHERE NOT i.deleted AND s.append_only
) x
INNER JOIN file f ON f.file_id = x.file_id
WHERE x.record_at IS NOT NULL
GROUP BY x.environment, x.source, f.set_id, CAST(x.record_at AS DATE)
