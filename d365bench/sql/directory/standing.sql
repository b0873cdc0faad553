-- grain:   one row per directory or licence file
-- reads:   directory_file, directory_choice, subscribed_sku_choice, purview_choice
-- params:  none
-- returns: file_id, rows_latest, rows_superseded, rows_filtered
WITH placed AS (
    SELECT file_id, place FROM directory_choice
    UNION ALL
    SELECT file_id, place FROM subscribed_sku_choice
    UNION ALL
    SELECT file_id, place FROM purview_choice
)
SELECT
    f.file_id,
    count(p.place) FILTER (p.place = 1) AS rows_latest,
    count(p.place) FILTER (p.place > 1) AS rows_superseded,
    f.filtered AS rows_filtered
FROM directory_file f
LEFT JOIN placed p USING (file_id)
GROUP BY f.file_id, f.filtered
ORDER BY f.file_id
