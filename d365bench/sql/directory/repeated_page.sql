-- grain:   one row per last page that repeats most of an earlier page of the same folder and answer
-- reads:   directory_page, directory_user_row, subscribed_sku_row
-- params:  none
-- returns: file_id
-- Pages of one answer do not repeat each other: such a page ends another answer, exported at another time.
WITH thing AS (
    SELECT file_id, coalesce(object_id, lower(upn)) AS thing FROM directory_user_row
    UNION
    SELECT file_id, sku_id FROM subscribed_sku_row
),
on_page AS (
    SELECT p.file_id, p.folder, p.context, p.has_next, t.thing
    FROM directory_page p
    JOIN thing t USING (file_id)
),
size AS (SELECT file_id, count(*) AS things FROM on_page GROUP BY file_id),
shared AS (
    SELECT a.file_id, b.file_id AS other_id, count(*) AS things
    FROM on_page a
    JOIN on_page b
        ON b.folder = a.folder AND b.context IS NOT DISTINCT FROM a.context AND b.thing = a.thing AND b.has_next
    WHERE NOT a.has_next
    GROUP BY a.file_id, b.file_id
)
SELECT DISTINCT s.file_id
FROM shared s
JOIN size a ON a.file_id = s.file_id
JOIN size b ON b.file_id = s.other_id
WHERE 2 * s.things > least(a.things, b.things)
