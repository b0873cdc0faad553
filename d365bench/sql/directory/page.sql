-- grain:   one row per page of an answer of Graph, with the rows that its answer counts and those delivered
-- reads:   directory_page, directory_user_row, subscribed_sku_row, directory_file
-- params:  none
-- returns: file_id, folder, context, has_next, total, delivered
-- Only the first page of an answer carries a count. Rows that were refused are delivered all the same.
WITH delivered AS (
    SELECT file_id, coalesce(object_id, lower(upn)) AS thing FROM directory_user_row
    UNION ALL
    SELECT file_id, sku_id FROM subscribed_sku_row
),
answer AS (
    SELECT p.folder, p.context, max(p.total) AS total
    FROM directory_page p
    GROUP BY p.folder, p.context
),
amount AS (
    SELECT p.folder, p.context, count(DISTINCT d.thing) AS things
    FROM directory_page p
    JOIN delivered d USING (file_id)
    GROUP BY p.folder, p.context
),
refused AS (
    SELECT p.folder, p.context, sum(f.quarantined) AS refused_rows
    FROM directory_page p
    JOIN directory_file f USING (file_id)
    GROUP BY p.folder, p.context
)
SELECT
    p.file_id,
    p.folder,
    p.context,
    p.has_next,
    a.total,
    CAST(coalesce(m.things, 0) + r.refused_rows AS BIGINT) AS delivered
FROM directory_page p
JOIN answer a ON a.folder = p.folder AND a.context IS NOT DISTINCT FROM p.context
JOIN refused r ON r.folder = p.folder AND r.context IS NOT DISTINCT FROM p.context
LEFT JOIN amount m ON m.folder = p.folder AND m.context IS NOT DISTINCT FROM p.context
ORDER BY p.file_id
