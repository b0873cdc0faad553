-- grain:   one row per channel and UTC hour of the window in which somebody joined a session
-- reads:   msdyn_sessionparticipant_version, msdyn_ocsession_version, rule_channel, account_person, object_person, environment, thin_agent
-- params:  $as_of DATE, $window_days INTEGER
-- returns: channel, span_from, agents, interactions, thin_agents, thin_interactions
-- Counted interactions (Primary 192350002, Consult …3) by the hour of joining, attributed as in
-- activity/participation. No rows where activity was rolled up elsewhere: instants are gone there.
WITH asked AS (
    SELECT $as_of::DATE AS as_of, $as_of::DATE - $window_days::INTEGER AS window_from
),
joined AS (
    SELECT
        c.class AS channel,
        date_trunc('hour', p.msdyn_joinedon) AS span_from,
        coalesce(a.person_id, o.person_id) AS person_id,
        p.environment,
        p.msdyn_omnichannelsession AS session_id,
        p.msdyn_mode AS mode
    FROM msdyn_sessionparticipant_version p
    JOIN environment e ON e.environment = p.environment AND e.kind = 'production' AND e.service
    JOIN msdyn_ocsession_version s
        ON s.environment = p.environment AND s.row_id = p.msdyn_omnichannelsession AND s.last_live
    JOIN rule_channel c ON c.value = s.msdyn_channel AND c.class IN ('digital', 'voice')
    LEFT JOIN account_person a ON a.environment = p.environment AND a.systemuser_id = p.msdyn_agentid
    LEFT JOIN object_person o ON p.msdyn_agentid IS NULL AND o.object_id = p.msdyn_activedirectoryuserid
    CROSS JOIN asked q
    WHERE p.last_live
        AND p.msdyn_mode IN (192350002, 192350003)
        AND p.msdyn_joinedon >= q.window_from
        AND p.msdyn_joinedon < q.as_of
        AND coalesce(a.human, o.human, false)
)
SELECT
    j.channel,
    j.span_from,
    CAST(count(DISTINCT j.person_id) AS BIGINT) AS agents,
    CAST(count(DISTINCT (j.person_id, j.environment, j.session_id, j.mode)) AS BIGINT) AS interactions,
    CAST(count(DISTINCT t.person_id) AS BIGINT) AS thin_agents,
    CAST(count(DISTINCT (j.person_id, j.environment, j.session_id, j.mode)) FILTER (t.person_id IS NOT NULL) AS BIGINT) AS thin_interactions
FROM joined j
LEFT JOIN thin_agent t ON t.person_id = j.person_id AND t.channel = j.channel
GROUP BY ALL
ORDER BY ALL
