-- grain:   one row per act of one person, in his or her name, or offered, with the exported row that shows it
-- reads:   account_person, object_person, msdyn_sessionparticipant_version, msdyn_ocsession_version, rule_channel, incident_version, incidentresolution_version, audit_version, queueitem_version, knowledgearticle_version
-- params:  $person_id VARCHAR
-- returns: environment, kind, action, object_id, act_at, table_name, file_id, row_key, version_no, sink_at, modified_at
-- Counts are rolled up to days at loading, where keys and files are lost; here the same rules are read once more over
-- the exported rows of one person. Option values as in the files under activity/.
WITH asked AS (
    SELECT $person_id::VARCHAR AS person_id
),
mine AS (
    SELECT environment, systemuser_id FROM account_person JOIN asked USING (person_id) WHERE human
),
my_object AS (
    SELECT object_id FROM object_person JOIN asked USING (person_id) WHERE human
),
participant AS (
    SELECT
        p.environment,
        p.msdyn_omnichannelsession AS object_id,
        p.msdyn_joinedon AS joined_at,
        CASE WHEN p.msdyn_joinedon IS NULL THEN coalesce(p.createdon, p.msdyn_addedon) END AS invited_at,
        CASE p.msdyn_mode WHEN 192350002 THEN 'handled' WHEN 192350003 THEN 'consulted' WHEN 192350004 THEN 'monitored' END AS mode,
        coalesce(c.class, 'unknown') AS class,
        p.file_id,
        p.row_id,
        p.version_no,
        p.sink_at,
        p.modified_at
    FROM msdyn_sessionparticipant_version p
    LEFT JOIN mine m ON m.environment = p.environment AND m.systemuser_id = p.msdyn_agentid
    LEFT JOIN my_object o ON p.msdyn_agentid IS NULL AND o.object_id = p.msdyn_activedirectoryuserid
    LEFT JOIN msdyn_ocsession_version s
        ON s.environment = p.environment AND s.row_id = p.msdyn_omnichannelsession AND s.last_live
    LEFT JOIN rule_channel c ON c.value = s.msdyn_channel
    WHERE p.last_live AND (m.systemuser_id IS NOT NULL OR o.object_id IS NOT NULL)
),
session_act AS (
    SELECT
        environment,
        CASE WHEN joined_at IS NULL THEN 'offered' ELSE 'action' END AS kind,
        CASE
            WHEN joined_at IS NULL THEN class || '.offered'
            WHEN class = 'unknown' THEN 'unknown.handled'
            ELSE class || '.' || mode
        END AS action,
        object_id,
        coalesce(joined_at, invited_at) AS act_at,
        'msdyn_sessionparticipant' AS table_name,
        file_id,
        row_id,
        version_no,
        sink_at,
        modified_at
    FROM participant
    WHERE coalesce(joined_at, invited_at) IS NOT NULL
        AND CASE
            WHEN class IN ('digital', 'voice') THEN mode IS NOT NULL
            WHEN class IN ('record', 'unknown') THEN joined_at IS NOT NULL AND mode IN ('handled', 'consulted')
        END
),
written AS (
    SELECT environment, createdby AS actor_id, createdonbehalfby AS other_account, 'case.created' AS action, row_id AS object_id, createdon AS act_at, 'incident' AS table_name, file_id, row_id, version_no, sink_at, modified_at
    FROM incident_version
    WHERE last_live
    UNION ALL
    SELECT environment, modifiedby, modifiedonbehalfby, 'case.worked', row_id, modified_at, 'incident', file_id, row_id, version_no, sink_at, modified_at
    FROM incident_version
    WHERE NOT deleted AND modified_at > createdon
    UNION ALL
    SELECT environment, userid, callinguserid, 'case.worked', objectid, createdon, 'audit', file_id, row_id, version_no, sink_at, modified_at
    FROM audit_version
    WHERE last_live AND operation = 2 AND coalesce(action, 0) <> 11 AND lower(objecttypecode) IN ('incident', '112')
    UNION ALL
    SELECT environment, createdby, createdonbehalfby, 'case.resolved', incidentid, createdon, 'incidentresolution', file_id, row_id, version_no, sink_at, modified_at
    FROM incidentresolution_version
    WHERE last_live
    UNION ALL
    SELECT environment, workerid, NULL, 'queue.worked', row_id, workeridmodifiedon, 'queueitem', file_id, row_id, version_no, sink_at, modified_at
    FROM queueitem_version
    WHERE NOT deleted
        AND lower(objecttypecode) IN ('incident', '112')
        AND coalesce(lower(workeridtype), 'systemuser') IN ('systemuser', '8')
    UNION ALL
    SELECT environment, createdby, createdonbehalfby, 'knowledge.authored', row_id, createdon, 'knowledgearticle', file_id, row_id, version_no, sink_at, modified_at
    FROM knowledgearticle_version
    WHERE last_live AND NOT coalesce(isrootarticle, false)
    UNION ALL
    SELECT environment, modifiedby, modifiedonbehalfby, 'knowledge.authored', row_id, modified_at, 'knowledgearticle', file_id, row_id, version_no, sink_at, modified_at
    FROM knowledgearticle_version
    WHERE last_live AND NOT coalesce(isrootarticle, false) AND modified_at > createdon
),
desk_act AS (
    SELECT
        w.environment,
        CASE WHEN w.other_account IS NULL THEN 'action' ELSE 'indirect' END AS kind,
        w.action,
        w.object_id,
        w.act_at,
        w.table_name,
        w.file_id,
        w.row_id,
        w.version_no,
        w.sink_at,
        w.modified_at
    FROM written w
    JOIN mine m ON m.environment = w.environment AND m.systemuser_id = w.actor_id
    WHERE w.act_at IS NOT NULL
)
SELECT
    environment,
    kind,
    action,
    CAST(object_id AS VARCHAR) AS object_id,
    act_at,
    table_name,
    file_id,
    CAST(row_id AS VARCHAR) AS row_key,
    version_no,
    sink_at,
    modified_at
FROM (FROM session_act UNION ALL BY NAME FROM desk_act)
ORDER BY act_at, table_name, row_key, version_no, sink_at
