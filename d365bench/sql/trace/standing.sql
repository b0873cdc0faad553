-- grain:   one row per exported row that says what a person is and holds today
-- reads:   person_record, directory_user, licence_assignment, licence_source, licence_product, systemuser_version, account_person, systemuserroles_version, teammembership_version, teamroles_version, role_version, rule_role, queuemembership_version, queue_version, audit_version, environment, purview_act
-- params:  $person_id VARCHAR
-- returns: what, detail, environment, act_at, table_name, file_id, row_key, version_no, sink_at, modified_at
-- what: licence, account, user_record, supervisor_role, queue_member, seen. A Purview act keeps no file: row_key is
-- its user id there, and the files of that shape tell.
WITH asked AS (
    SELECT $person_id::VARCHAR AS person_id
),
account AS (
    SELECT d.*
    FROM person_record r
    JOIN asked USING (person_id)
    JOIN directory_user d ON d.row_no = r.directory_row
),
mine AS (
    SELECT a.environment, a.systemuser_id FROM account_person a JOIN asked USING (person_id)
),
supervisor AS (
    SELECT DISTINCT v.environment, v.row_id, v.name
    FROM role_version v
    JOIN rule_role r ON r.name_folded = lower(trim(v.name)) OR lower(r.template_id) = lower(CAST(v.roletemplateid AS VARCHAR))
    WHERE v.standing = 'latest' AND r.kind = 'supervisor'
)
SELECT
    'licence' AS what,
    coalesce(p.product_key, 'none of ours') || ' by ' || coalesce(l.via, 'unknown') AS detail,
    CAST(NULL AS VARCHAR) AS environment,
    l.assigned_at AS act_at,
    'directory' AS table_name,
    a.file_id,
    coalesce(lower(a.object_id), lower(a.upn)) AS row_key,
    CAST(NULL AS BIGINT) AS version_no,
    CAST(NULL AS TIMESTAMP) AS sink_at,
    CAST(NULL AS TIMESTAMP) AS modified_at
FROM account a
JOIN licence_source s ON s.source = a.source
JOIN licence_assignment l ON l.row_no = a.row_no AND l.source = a.source
LEFT JOIN licence_product p ON p.licence = coalesce('sku:' || lower(l.sku_id), 'name:' || lower(trim(l.sku_name)))
UNION ALL
SELECT
    'account',
    CASE WHEN account_enabled THEN 'enabled' WHEN NOT account_enabled THEN 'disabled' ELSE 'enabled or not: not exported' END,
    NULL, NULL, 'directory', file_id, coalesce(lower(object_id), lower(upn)), NULL, NULL, NULL
FROM account
UNION ALL
SELECT 'seen', 'sign-in', NULL, last_sign_in, 'directory', file_id, coalesce(lower(object_id), lower(upn)), NULL, NULL, NULL
FROM account
WHERE last_sign_in IS NOT NULL
UNION ALL
SELECT
    'user_record',
    CASE WHEN coalesce(u.isdisabled, false) THEN 'disabled' ELSE 'enabled' END,
    u.environment, u.createdon, 'systemuser', u.file_id, CAST(u.row_id AS VARCHAR), u.version_no, u.sink_at, u.modified_at
FROM systemuser_version u
JOIN mine m ON m.environment = u.environment AND m.systemuser_id = u.row_id
WHERE u.standing = 'latest'
UNION ALL
SELECT
    'supervisor_role', v.name, h.environment, NULL, 'systemuserroles', h.file_id, CAST(h.row_id AS VARCHAR), h.version_no, h.sink_at, h.modified_at
FROM systemuserroles_version h
JOIN mine m ON m.environment = h.environment AND m.systemuser_id = h.systemuserid
JOIN supervisor v ON v.environment = h.environment AND v.row_id = h.roleid
WHERE h.standing = 'latest'
UNION ALL
SELECT
    'supervisor_role', v.name || ' by team', t.environment, NULL, 'teammembership', t.file_id, CAST(t.row_id AS VARCHAR), t.version_no, t.sink_at, t.modified_at
FROM teammembership_version t
JOIN mine m ON m.environment = t.environment AND m.systemuser_id = t.systemuserid
JOIN teamroles_version r ON r.environment = t.environment AND r.teamid = t.teamid AND r.standing = 'latest'
JOIN supervisor v ON v.environment = t.environment AND v.row_id = r.roleid
WHERE t.standing = 'latest'
UNION ALL
SELECT
    'queue_member',
    CASE k.msdyn_queuetype WHEN 192350000 THEN 'digital' WHEN 192350002 THEN 'voice' END || ': ' || coalesce(k.name, 'a queue'),
    q.environment, NULL, 'queuemembership', q.file_id, CAST(q.row_id AS VARCHAR), q.version_no, q.sink_at, q.modified_at
FROM queuemembership_version q
JOIN mine m ON m.environment = q.environment AND m.systemuser_id = q.systemuserid
JOIN queue_version k ON k.environment = q.environment AND k.row_id = q.queueid AND k.standing = 'latest'
WHERE q.standing = 'latest' AND k.msdyn_queuetype IN (192350000, 192350002)
UNION ALL
SELECT
    'seen', 'audited access', v.environment, v.createdon, 'audit', v.file_id, CAST(v.row_id AS VARCHAR), v.version_no, v.sink_at, v.modified_at
FROM audit_version v
JOIN mine m ON m.environment = v.environment AND m.systemuser_id = v.userid
JOIN environment e ON e.environment = v.environment AND e.kind = 'production' AND e.service
WHERE v.last_live AND v.operation = 4 AND v.callinguserid IS NULL
UNION ALL
SELECT 'seen', 'Purview act', NULL, p.at_instant, 'purview', NULL, p.user_id, NULL, NULL, NULL
FROM purview_act p
WHERE p.user_id IN (
    SELECT upn FROM person_record JOIN asked USING (person_id) WHERE upn IS NOT NULL
    UNION
    SELECT object_id FROM person_record JOIN asked USING (person_id) WHERE object_id IS NOT NULL
)
ORDER BY ALL
