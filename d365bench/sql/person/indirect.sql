-- grain:   one row per person for whom another account acted in the window
-- reads:   indirect_day, person_environment
-- params:  $as_of DATE, $window_days INTEGER
-- returns: person_id, indirect_digital, indirect_voice, indirect_records, indirect_actions
SELECT
    d.person_id,
    CAST(coalesce(sum(n) FILTER (action IN ('digital.handled', 'digital.consulted')), 0) AS BIGINT) AS indirect_digital,
    CAST(coalesce(sum(n) FILTER (action IN ('voice.handled', 'voice.consulted')), 0) AS BIGINT) AS indirect_voice,
    CAST(coalesce(sum(n) FILTER (action IN ('record.handled', 'record.consulted')), 0) AS BIGINT) AS indirect_records,
    CAST(sum(n) AS BIGINT) AS indirect_actions
FROM indirect_day d
SEMI JOIN person_environment e ON e.person_id = d.person_id AND e.environment = d.environment
WHERE d.day >= $as_of::DATE - $window_days::INTEGER AND d.day < $as_of::DATE
GROUP BY d.person_id
