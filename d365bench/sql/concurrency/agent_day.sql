-- grain:   one row per channel and day of the window on which somebody worked it
-- reads:   activity_day, environment, thin_agent
-- params:  $as_of DATE, $window_days INTEGER
-- returns: channel, span_from, agents, interactions, thin_agents, thin_interactions
SELECT
    split_part(d.action, '.', 1) AS channel,
    CAST(d.day AS TIMESTAMP) AS span_from,
    CAST(count(DISTINCT d.person_id) AS BIGINT) AS agents,
    CAST(sum(d.distinct_objects) AS BIGINT) AS interactions,
    CAST(count(DISTINCT t.person_id) AS BIGINT) AS thin_agents,
    CAST(coalesce(sum(d.distinct_objects) FILTER (t.person_id IS NOT NULL), 0) AS BIGINT) AS thin_interactions
FROM activity_day d
JOIN environment e ON e.environment = d.environment AND e.kind = 'production' AND e.service
LEFT JOIN thin_agent t ON t.person_id = d.person_id AND t.channel = split_part(d.action, '.', 1)
WHERE d.action IN ('digital.handled', 'digital.consulted', 'voice.handled', 'voice.consulted')
    AND d.day >= $as_of::DATE - $window_days::INTEGER
    AND d.day < $as_of::DATE
GROUP BY ALL
ORDER BY ALL
