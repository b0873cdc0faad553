-- grain:   one row per environment with incidents, for telling a filtered export
-- reads:   case_stock
-- params:  $as_of DATE
-- returns: environment, incidents, owners, old_incidents, old_closed, old_active
-- owners: 0, 1 or 2 for more than one; no owner is one of its own.
SELECT
    environment,
    CAST(sum(cases) AS BIGINT) AS incidents,
    CASE
        WHEN min(first_owner) IS NULL THEN 0
        WHEN min(first_owner) = max(last_owner) AND sum(owned) = sum(cases) THEN 1
        ELSE 2
    END AS owners,
    CAST(coalesce(sum(cases) FILTER (old), 0) AS BIGINT) AS old_incidents,
    CAST(coalesce(sum(cases) FILTER (old AND statecode IN (1, 2)), 0) AS BIGINT) AS old_closed,
    CAST(coalesce(sum(cases) FILTER (old AND statecode = 0), 0) AS BIGINT) AS old_active
FROM (
    SELECT environment, statecode, cases, owned, first_owner, last_owner, day < $as_of::DATE - 90 AS old
    FROM case_stock
)
GROUP BY environment
