-- grain:   one row per environment, source and delivery known to be incomplete that no complete delivery makes up for
-- reads:   file_set, source_day
-- params:  $as_of DATE, $window_days INTEGER, $season_days INTEGER, $gap_days INTEGER
-- returns: environment, source, table_name, why, in_window, in_season
-- A complete delivery of the same table makes up for it where its own days span the window (or the look-back), with
-- less than a hole missing at either end.
WITH asked AS (
    SELECT
        $as_of::DATE AS as_of,
        $as_of::DATE - $window_days::INTEGER AS window_from,
        $as_of::DATE - $season_days::INTEGER AS season_from,
        $gap_days::INTEGER AS gap_days
),
delivery AS (
    SELECT
        s.*,
        unnest(CASE s.table_name
            WHEN 'msdyn_sessionparticipant' THEN ['sessions']
            WHEN 'msdyn_ocsession' THEN ['sessions']
            WHEN 'incident' THEN CASE WHEN s.append_only THEN ['cases', 'case_history'] ELSE ['cases'] END
            WHEN 'incidentresolution' THEN ['cases']
            WHEN 'audit' THEN ['case_history']
            ELSE []
        END) AS source
    FROM file_set s
),
span AS (
    SELECT set_id, min(day) AS first_day, max(day) AS last_day FROM source_day GROUP BY set_id
),
made_up AS (
    SELECT
        s.environment,
        s.table_name,
        bool_or(p.first_day < a.window_from + a.gap_days AND p.last_day >= a.as_of - a.gap_days) AS window_made_up,
        bool_or(p.first_day < a.season_from + a.gap_days AND p.last_day >= a.window_from - a.gap_days) AS season_made_up
    FROM file_set s
    JOIN span p USING (set_id), asked a
    WHERE s.complete
    GROUP BY ALL
)
SELECT
    d.environment,
    d.source,
    d.table_name,
    d.why,
    NOT coalesce(m.window_made_up, false) AS in_window,
    NOT coalesce(m.season_made_up, false) AS in_season
FROM delivery d
LEFT JOIN made_up m ON m.environment = d.environment AND m.table_name = d.table_name
WHERE NOT d.complete AND (NOT coalesce(m.window_made_up, false) OR NOT coalesce(m.season_made_up, false))
ORDER BY ALL
