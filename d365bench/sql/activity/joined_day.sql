-- grain:   one row per environment, channel class and day with a joined participant
-- reads:   participation
-- params:  none
-- returns: environment, class, day, joined, joined_persons
SELECT
    environment,
    class,
    CAST(joined_at AS DATE) AS day,
    CAST(COUNT(*) AS BIGINT) AS joined,
    CAST(SUM(CASE WHEN person_id IS NOT NULL AND human THEN 1 ELSE 0 END) AS BIGINT) AS joined_persons
FROM participation
WHERE joined_at IS NOT NULL
GROUP BY environment, class, CAST(joined_at AS DATE)
