-- grain:   one row per SKU that the tenant subscribes to
-- reads:   subscribed_sku_choice
-- params:  none
-- returns: sku_id, part_number, purchased, consumed, applies_to, plan_ids
SELECT sku_id, part_number, purchased, consumed, applies_to, plan_ids
FROM subscribed_sku_choice
WHERE place = 1
ORDER BY sku_id
