-- grain:   one row per row of a list of SKUs, with its place among the rows of the same SKU
-- reads:   subscribed_sku_row
-- params:  none
-- returns: file_id, record, sku_id, part_number, purchased, consumed, applies_to, plan_ids, place
-- Nothing in this export tells its time: of several, the one with most licences in use counts.
SELECT
    *,
    row_number() OVER (
        PARTITION BY sku_id
        ORDER BY consumed DESC NULLS LAST, purchased DESC NULLS LAST, part_number, file_id, record
    ) AS place
FROM subscribed_sku_row
