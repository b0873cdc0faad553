-- grain:   one row per person, environment and role held today, directly or by a team
-- reads:   systemuserroles_version, teammembership_version, teamroles_version, role_version, account_person
-- params:  none
-- returns: person_id, environment, role_id, role_name, role_template_id
WITH held AS (
    SELECT environment, systemuserid, roleid FROM systemuserroles_version WHERE standing = 'latest'
    UNION
    SELECT m.environment, m.systemuserid, t.roleid
    FROM teammembership_version m
    JOIN teamroles_version t ON t.environment = m.environment AND t.teamid = m.teamid AND t.standing = 'latest'
    WHERE m.standing = 'latest'
)
SELECT DISTINCT
    a.person_id,
    h.environment,
    h.roleid AS role_id,
    r.name AS role_name,
    CAST(r.roletemplateid AS VARCHAR) AS role_template_id
FROM held h
JOIN account_person a ON a.environment = h.environment AND a.systemuser_id = h.systemuserid AND a.human
LEFT JOIN role_version r ON r.environment = h.environment AND r.row_id = h.roleid AND r.standing = 'latest'
