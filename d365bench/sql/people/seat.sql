-- grain:   one row per person and product held today, whatever number of assignments gives it
-- reads:   licence_assignment, licence_source, person_record, licence_product
-- params:  none
-- returns: person_id, product_key, assigned_via, assigned_on, note
WITH held AS (
    SELECT r.person_id, p.product_key, a.via, CAST(a.assigned_at AS DATE) AS assigned_on, p.note
    FROM licence_assignment a
    JOIN licence_source s ON s.source = a.source
    JOIN person_record r ON r.directory_row = a.row_no
    JOIN licence_product p
        ON p.licence = coalesce('sku:' || lower(a.sku_id), 'name:' || lower(trim(a.sku_name)))
    WHERE p.product_key IS NOT NULL
)
SELECT
    person_id,
    product_key,
    list_sort(list_distinct(list(via) FILTER (via IS NOT NULL))) AS assigned_via,
    max(assigned_on) AS assigned_on,
    min(note) AS note
FROM held
GROUP BY person_id, product_key
