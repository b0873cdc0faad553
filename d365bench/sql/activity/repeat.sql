-- grain:   one row per person, environment, kind, action, day and the day on which the same objects were last touched before
-- reads:   touch
-- params:  none
-- returns: person_id, environment, kind, action, day, previous_day, objects
-- Makes distinct counts over any window exact: the sum of distinct_objects over its days, less the objects that had
-- been touched on an earlier day of the same window.
SELECT
    person_id,
    environment,
    kind,
    action,
    day,
    previous_day,
    CAST(COUNT(*) AS BIGINT) AS objects
FROM (
    SELECT
        t.person_id,
        t.environment,
        t.kind,
        t.action,
        t.day,
        LAG(t.day) OVER (PARTITION BY t.person_id, t.environment, t.kind, t.action, t.object_id ORDER BY t.day) AS previous_day
    FROM touch t
    INNER JOIN (
        SELECT person_id, environment, kind, action, object_id
        FROM touch
        WHERE person_id IS NOT NULL
        GROUP BY person_id, environment, kind, action, object_id
        HAVING COUNT(*) > 1
    ) again
        ON again.person_id = t.person_id
        AND again.environment = t.environment
        AND again.kind = t.kind
        AND again.action = t.action
        AND again.object_id = t.object_id
) days
WHERE previous_day IS NOT NULL
GROUP BY person_id, environment, kind, action, day, previous_day
