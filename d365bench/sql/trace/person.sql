-- grain:   one row per person whom a text names: by id, UPN or display name, whatever the case
-- reads:   person, person_record
-- params:  $named VARCHAR
-- returns: person_id, upn, display_name, matched
-- The strongest match counts: an id before a UPN, and that before a display name.
WITH asked AS (
    SELECT lower(trim($named::VARCHAR)) AS named
),
matches AS (
    SELECT p.person_id, p.upn, p.display_name, 1 AS rank, 'id' AS matched
    FROM person p, asked q
    WHERE lower(p.person_id) = q.named
    UNION
    SELECT p.person_id, p.upn, p.display_name, 1, 'id'
    FROM person p
    JOIN person_record r USING (person_id), asked q
    WHERE r.object_id = q.named OR CAST(r.systemuser_id AS VARCHAR) = q.named
    UNION
    SELECT p.person_id, p.upn, p.display_name, 2, 'UPN'
    FROM person p
    LEFT JOIN person_record r USING (person_id), asked q
    WHERE lower(p.upn) = q.named OR r.upn = q.named
    UNION
    SELECT p.person_id, p.upn, p.display_name, 3, 'display name'
    FROM person p, asked q
    WHERE lower(trim(p.display_name)) = q.named
)
SELECT person_id, upn, display_name, matched
FROM matches
WHERE rank = (SELECT min(rank) FROM matches)
ORDER BY person_id
