-- grain:   one row per session participant, at its last live version
-- reads:   msdyn_sessionparticipant_version, msdyn_ocsession_version, rule_channel, account_person, object_person
-- params:  none
-- returns: environment, person_id, actor_known, human, session_id, mode, class, live_chat, joined_at, invited_at
-- An agent id that no user record has belongs to nobody; only a row without agent id is attributed by its Entra id.
-- Option values: msdyn_mode 192350002 Primary, …3 Consult, …4 Monitor, …5 Preview; msdyn_channel 192360000 Live chat.
SELECT
    p.environment,
    COALESCE(a.person_id, o.person_id) AS person_id,
    CASE WHEN COALESCE(p.msdyn_agentid, p.msdyn_activedirectoryuserid) IS NULL THEN FALSE ELSE TRUE END AS actor_known,
    COALESCE(a.human, o.human, TRUE) AS human,
    p.msdyn_omnichannelsession AS session_id,
    CASE p.msdyn_mode
        WHEN 192350002 THEN 'handled'
        WHEN 192350003 THEN 'consulted'
        WHEN 192350004 THEN 'monitored'
        WHEN 192350005 THEN 'previewed'
    END AS mode,
    COALESCE(c.class, 'unknown') AS class,
    CASE WHEN s.msdyn_channel = 192360000 THEN 1 ELSE 0 END AS live_chat,
    p.msdyn_joinedon AS joined_at,
    CASE WHEN p.msdyn_joinedon IS NULL THEN COALESCE(p.createdon, p.msdyn_addedon) END AS invited_at
FROM msdyn_sessionparticipant_version p
LEFT JOIN (SELECT environment, row_id, msdyn_channel FROM msdyn_ocsession_version WHERE last_live) s
    ON s.environment = p.environment AND s.row_id = p.msdyn_omnichannelsession
LEFT JOIN rule_channel c ON c.value = s.msdyn_channel
LEFT JOIN account_person a ON a.environment = p.environment AND a.systemuser_id = p.msdyn_agentid
LEFT JOIN object_person o ON p.msdyn_agentid IS NULL AND o.object_id = p.msdyn_activedirectoryuserid
WHERE p.last_live
