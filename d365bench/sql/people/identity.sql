-- grain:   one row per account record, with the identity that it belongs to
-- reads:   account_record
-- params:  none
-- returns: record_id, identity
-- Records with different Entra object ids are never one person. A record without one joins by UPN, else by a proxy
-- address, and only where exactly one candidate stands on each side; directory rows are settled before user records,
-- so that a user record can join a directory row that has no object id either.
WITH by_object AS (
    SELECT record_id, 'object:' || object_id AS identity FROM account_record WHERE object_id IS NOT NULL
),
without_object AS (
    SELECT *, count(*) OVER (PARTITION BY side, upn) AS same_upn FROM account_record WHERE object_id IS NULL
),
object_upn AS (
    SELECT DISTINCT r.upn, o.identity FROM by_object o JOIN account_record r USING (record_id) WHERE r.upn IS NOT NULL
),
object_candidate AS (
    SELECT upn, min(identity) AS identity, count(*) AS candidates FROM object_upn GROUP BY upn
),
object_address AS (
    SELECT w.record_id, min(u.identity) AS identity, count(DISTINCT u.identity) AS candidates
    FROM (SELECT record_id, unnest(addresses) AS address FROM without_object WHERE in_directory) w
    JOIN object_upn u ON u.upn = w.address
    GROUP BY w.record_id
),
directory_alone AS (
    SELECT
        w.record_id,
        CASE
            WHEN c.candidates = 1 AND w.same_upn = 1 THEN c.identity
            WHEN c.candidates IS NULL AND a.candidates = 1 THEN a.identity
            WHEN c.candidates IS NULL AND w.upn IS NOT NULL AND w.same_upn = 1 THEN 'upn:' || w.upn
            ELSE 'record:' || w.record_id
        END AS identity
    FROM without_object w
    LEFT JOIN object_candidate c ON c.upn = w.upn
    LEFT JOIN object_address a USING (record_id)
    WHERE w.in_directory
),
settled AS (
    SELECT * FROM by_object
    UNION ALL
    SELECT * FROM directory_alone
),
settled_upn AS (
    SELECT upn, min(identity) AS identity, count(*) AS candidates
    FROM (SELECT DISTINCT r.upn, s.identity FROM settled s JOIN account_record r USING (record_id) WHERE r.upn IS NOT NULL)
    GROUP BY upn
),
settled_address AS (
    SELECT DISTINCT address, identity
    FROM (
        SELECT unnest(r.addresses) AS address, s.identity
        FROM settled s JOIN account_record r USING (record_id)
        WHERE r.in_directory
    )
),
by_upn AS (
    SELECT w.record_id, c.identity
    FROM without_object w
    JOIN settled_upn c ON c.upn = w.upn
    WHERE NOT w.in_directory AND w.same_upn = 1 AND c.candidates = 1
),
by_address AS (
    -- only where the UPN names nobody: an ambiguous UPN is not mended by an address
    SELECT record_id, side, min(a.identity) AS identity
    FROM (SELECT record_id, side, upn, unnest(addresses) AS address FROM without_object WHERE NOT in_directory) w
    JOIN settled_address a USING (address)
    WHERE NOT EXISTS (SELECT 1 FROM settled_upn c WHERE c.upn = w.upn)
    GROUP BY record_id, side
    HAVING count(DISTINCT a.identity) = 1
),
by_address_alone AS (
    SELECT min(record_id) AS record_id, identity FROM by_address GROUP BY side, identity HAVING count(*) = 1
),
upn_of_address AS (
    -- a further record with the UPN of one that joined by its address is the same human elsewhere
    SELECT w.upn, min(a.identity) AS identity
    FROM by_address_alone a
    JOIN without_object w USING (record_id)
    WHERE w.upn IS NOT NULL AND w.same_upn = 1
    GROUP BY w.upn
    HAVING count(DISTINCT a.identity) = 1
),
joined AS (
    SELECT record_id, identity FROM settled
    UNION ALL
    SELECT record_id, identity FROM by_upn
    UNION ALL
    SELECT record_id, identity FROM by_address_alone
)
SELECT
    r.record_id,
    CASE
        WHEN j.identity IS NOT NULL THEN j.identity
        WHEN u.identity IS NOT NULL AND w.same_upn = 1 THEN u.identity
        -- the same human in several environments, known by the UPN alone
        WHEN w.upn IS NOT NULL AND w.same_upn = 1
            AND NOT EXISTS (SELECT 1 FROM settled_upn c WHERE c.upn = w.upn) THEN 'upn:' || w.upn
        ELSE 'record:' || r.record_id
    END AS identity
FROM account_record r
LEFT JOIN joined j USING (record_id)
LEFT JOIN without_object w USING (record_id)
LEFT JOIN upn_of_address u ON u.upn = w.upn AND NOT r.in_directory
