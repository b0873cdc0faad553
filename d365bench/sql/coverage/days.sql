-- grain:   one row per environment and source
-- reads:   environment, source_day
-- params:  $as_of DATE, $window_days INTEGER, $season_days INTEGER, $gap_days INTEGER
-- returns: environment, source, first_day, last_day, covered_days, season_covered_days, gaps
-- A hole is a run of at least gap_days whole days without a record; holes are found over all days, then cut to the
-- window. Days that the client declared complete are covered whatever the holes.
WITH asked AS (
    SELECT
        $as_of::DATE AS as_of,
        $as_of::DATE - $window_days::INTEGER AS window_from,
        $as_of::DATE - $season_days::INTEGER AS season_from,
        $gap_days::INTEGER AS gap_days
),
source AS (
    SELECT environment, complete_from, complete_to, unnest(['sessions', 'cases', 'case_history']) AS source FROM environment
),
record_day AS (
    SELECT DISTINCT environment, source, day FROM source_day
),
next_day AS (
    SELECT environment, source, day, lead(day) OVER (PARTITION BY environment, source ORDER BY day) AS following FROM record_day
),
hole AS (
    SELECT environment, source, day + 1 AS hole_from, following - 1 AS hole_to
    FROM next_day, asked
    WHERE following - day - 1 >= gap_days
),
span AS (
    SELECT environment, source, min(day) AS first_day, max(day) AS last_day FROM record_day GROUP BY ALL
),
calendar AS (
    SELECT s.environment, s.source, CAST(d.day AS DATE) AS day, d.day >= a.window_from AS in_window
    FROM source s, asked a, generate_series(a.season_from, a.as_of - 1, INTERVAL 1 DAY) AS d(day)
),
covered AS (
    SELECT
        c.environment,
        c.source,
        count(*) FILTER (c.in_window) AS covered_days,
        count(*) FILTER (NOT c.in_window) AS season_covered_days
    FROM calendar c
    JOIN source s USING (environment, source)
    LEFT JOIN span p USING (environment, source)
    WHERE (c.day BETWEEN s.complete_from AND s.complete_to)
        OR (
            c.day BETWEEN p.first_day AND p.last_day
            AND NOT EXISTS (
                SELECT 1 FROM hole h
                WHERE h.environment = c.environment AND h.source = c.source AND c.day BETWEEN h.hole_from AND h.hole_to
            )
        )
    GROUP BY ALL
),
cut AS (
    SELECT environment, source, greatest(hole_from, window_from) AS hole_from, least(hole_to, as_of - 1) AS hole_to
    FROM hole, asked
    WHERE hole_to >= window_from AND hole_from < as_of
),
gaps AS (
    SELECT environment, source, list([hole_from, hole_to] ORDER BY hole_from) AS gaps FROM cut GROUP BY ALL
)
SELECT
    s.environment,
    s.source,
    p.first_day,
    p.last_day,
    CAST(coalesce(c.covered_days, 0) AS BIGINT) AS covered_days,
    CAST(coalesce(c.season_covered_days, 0) AS BIGINT) AS season_covered_days,
    coalesce(g.gaps, []) AS gaps
FROM source s
LEFT JOIN span p USING (environment, source)
LEFT JOIN covered c USING (environment, source)
LEFT JOIN gaps g USING (environment, source)
ORDER BY s.environment, s.source
