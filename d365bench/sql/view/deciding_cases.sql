-- grain:   one row per person asked about, environment and case worked or resolved in the window, the telling ones first
-- reads:   asked_person, case_touch
-- params:  $as_of DATE, $window_days INTEGER, $cases_each INTEGER
-- returns: person_id, environment, case_id, own, days, resolved, first_day, last_day, cases
WITH asked AS (
    SELECT $as_of::DATE AS as_of, $window_days::INTEGER AS window_days, $cases_each::INTEGER AS cases_each
),
by_case AS (
    SELECT
        t.person_id,
        t.environment,
        CAST(t.case_id AS VARCHAR) AS case_id,
        bool_or(t.own = 1) AS own,
        CAST(count(DISTINCT t.day) AS BIGINT) AS days,
        bool_or(t.resolved = 1) AS resolved,
        min(t.day) AS first_day,
        max(t.day) AS last_day
    FROM case_touch t
    JOIN asked_person p USING (person_id), asked a
    WHERE t.day >= a.as_of - a.window_days AND t.day < a.as_of AND (t.worked = 1 OR t.resolved = 1 OR t.created = 1)
    GROUP BY ALL
),
ranked AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY person_id ORDER BY own, resolved DESC, days DESC, last_day DESC, case_id) AS place,
        CAST(count(*) OVER (PARTITION BY person_id) AS BIGINT) AS cases
    FROM by_case
)
SELECT person_id, environment, case_id, own, days, resolved, first_day, last_day, cases
FROM ranked, asked
WHERE place <= cases_each
ORDER BY person_id, place
