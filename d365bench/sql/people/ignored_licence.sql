-- grain:   one row per licence that is held and that neither the rule book nor its service plans explain
-- reads:   licence_assignment, licence_source, licence_product
-- params:  none
-- returns: licence, accounts
SELECT
    coalesce(a.sku_id, a.sku_name) AS licence,
    CAST(count(DISTINCT a.row_no) AS BIGINT) AS accounts
FROM licence_assignment a
JOIN licence_source s ON s.source = a.source
LEFT JOIN licence_product p ON p.licence = coalesce('sku:' || lower(a.sku_id), 'name:' || lower(trim(a.sku_name)))
WHERE p.licence IS NULL
GROUP BY ALL
ORDER BY ALL
