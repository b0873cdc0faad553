-- grain:   one row per person seen in the application: directory sign-in, audited access, Purview act
-- reads:   person, person_record, directory_user, access_seen, environment, purview_act
-- params:  none
-- returns: person_id, last_seen
-- Use proves no need.
SELECT person_id, max(seen_at) AS last_seen
FROM (
    SELECT person_id, directory_sign_in AS seen_at FROM person
    UNION ALL
    SELECT v.person_id, v.last_at
    FROM access_seen v
    JOIN environment e ON e.environment = v.environment AND e.kind = 'production' AND e.service
    WHERE v.person_id IS NOT NULL AND v.kind = 'action'
    UNION ALL
    SELECT r.person_id, p.at_instant
    FROM purview_act p
    JOIN (
        SELECT DISTINCT person_id, upn AS name FROM person_record WHERE upn IS NOT NULL
        UNION
        SELECT DISTINCT person_id, object_id FROM person_record WHERE object_id IS NOT NULL
        UNION
        SELECT min(person_id), address
        FROM (
            SELECT p.person_id, unnest(d.proxy_addresses) AS address
            FROM person_record p JOIN directory_user d ON d.row_no = p.directory_row
        )
        GROUP BY address
        HAVING count(DISTINCT person_id) = 1
    ) r ON r.name = p.user_id
)
WHERE seen_at IS NOT NULL
GROUP BY person_id
