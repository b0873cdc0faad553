-- grain:   one row per environment with incidents, for telling a filtered export
-- reads:   incident_version
-- params:  $as_of DATE
-- returns: environment, incidents, owners, old_incidents, old_closed, old_active
SELECT
    environment,
    CAST(count(*) AS BIGINT) AS incidents,
    CAST(count(DISTINCT ownerid) AS BIGINT) AS owners,
    CAST(count(*) FILTER (old) AS BIGINT) AS old_incidents,
    CAST(count(*) FILTER (old AND statecode IN (1, 2)) AS BIGINT) AS old_closed,
    CAST(count(*) FILTER (old AND statecode = 0) AS BIGINT) AS old_active
FROM (
    SELECT environment, ownerid, statecode, CAST(createdon AS DATE) < $as_of::DATE - 90 AS old
    FROM incident_version
    WHERE standing = 'latest'
)
GROUP BY environment
