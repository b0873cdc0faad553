-- grain:   one row per SKU that the tenant subscribes to
-- reads:   subscribed_sku
-- params:  none
-- returns: sku_id, plan_ids
SELECT sku_id, plan_ids
FROM subscribed_sku
