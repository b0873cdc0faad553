-- grain:   one row per environment, kind of work and whole week of the window, weeks without work included
-- reads:   activity_day
-- params:  $as_of DATE, $window_days INTEGER
-- returns: environment, source, work, week_day, records
-- Weeks are counted back from as_of, so that the last one is whole and none is cut by the calendar.
WITH asked AS (
    SELECT $as_of::DATE AS as_of, $window_days::INTEGER // 7 AS weeks
),
touched AS (
    SELECT
        d.environment,
        CASE
            WHEN d.action LIKE 'digital.%' THEN 'digital'
            WHEN d.action LIKE 'voice.%' THEN 'voice'
            WHEN d.action LIKE 'record.%' THEN 'routed records'
            WHEN d.action LIKE 'case.%' THEN 'cases'
        END AS work,
        (a.as_of - d.day - 1) // 7 AS weeks_back,
        d.n
    FROM activity_day d, asked a
    WHERE d.day < a.as_of AND d.day >= a.as_of - a.weeks * 7
),
counted AS (
    SELECT environment, work, weeks_back, sum(n) AS records FROM touched WHERE work IS NOT NULL GROUP BY ALL
),
every_week AS (
    SELECT k.environment, k.work, CAST(w.weeks_back AS BIGINT) AS weeks_back
    FROM (SELECT DISTINCT environment, work FROM counted) k, asked a, range(a.weeks) AS w(weeks_back)
)
SELECT
    e.environment,
    CASE WHEN e.work = 'cases' THEN 'cases' ELSE 'sessions' END AS source,
    e.work,
    a.as_of - CAST(7 * (e.weeks_back + 1) AS INTEGER) AS week_day,
    CAST(coalesce(c.records, 0) AS BIGINT) AS records
FROM every_week e
CROSS JOIN asked a
LEFT JOIN counted c USING (environment, work, weeks_back)
ORDER BY e.environment, e.work, week_day
