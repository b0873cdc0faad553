-- grain:   one row per Entra object id whose person has a user record somewhere
-- reads:   person_record
-- params:  none
-- returns: object_id, person_id, human
SELECT TRY_CAST(o.object_id AS UUID) AS object_id, o.person_id, bool_or(u.human) AS human
FROM person_record o
JOIN person_record u ON u.person_id = o.person_id AND NOT u.in_directory
WHERE TRY_CAST(o.object_id AS UUID) IS NOT NULL
GROUP BY ALL
