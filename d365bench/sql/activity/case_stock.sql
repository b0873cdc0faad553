-- grain:   one row per environment, state and day of creation of the cases that exist today
-- reads:   incident_version
-- params:  none
-- returns: environment, statecode, day, cases, owned, first_owner, last_owner
-- The first and the last owner by id are enough to tell whether all cases have one owner.
SELECT
    environment,
    statecode,
    CAST(createdon AS DATE) AS day,
    CAST(COUNT(*) AS BIGINT) AS cases,
    CAST(COUNT(ownerid) AS BIGINT) AS owned,
    MIN(CAST(ownerid AS STRING)) AS first_owner,
    MAX(CAST(ownerid AS STRING)) AS last_owner
FROM incident_version
WHERE standing = 'latest'
GROUP BY environment, statecode, CAST(createdon AS DATE)
