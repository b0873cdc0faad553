-- grain:   one row per environment with joined participants in the window or the look-back
-- reads:   joined_day
-- params:  $as_of DATE, $window_days INTEGER, $season_days INTEGER
-- returns: environment, joined, unknown, season_joined, season_unknown
WITH asked AS (
    SELECT
        $as_of::DATE AS as_of,
        $as_of::DATE - $window_days::INTEGER AS window_from,
        $as_of::DATE - $season_days::INTEGER AS season_from
)
SELECT
    environment,
    CAST(coalesce(sum(joined_persons) FILTER (day >= window_from), 0) AS BIGINT) AS joined,
    CAST(coalesce(sum(joined_persons) FILTER (day >= window_from AND class = 'unknown'), 0) AS BIGINT) AS unknown,
    CAST(coalesce(sum(joined_persons) FILTER (day < window_from), 0) AS BIGINT) AS season_joined,
    CAST(coalesce(sum(joined_persons) FILTER (day < window_from AND class = 'unknown'), 0) AS BIGINT) AS season_unknown
FROM joined_day, asked
WHERE day >= season_from AND day < as_of
GROUP BY environment
