-- grain:   one row per product that the tenant subscribes to
-- reads:   subscribed_sku, licence_product
-- params:  none
-- returns: product_key, purchased
SELECT p.product_key, CAST(sum(s.purchased) AS BIGINT) AS purchased
FROM subscribed_sku s
JOIN licence_product p ON p.licence = 'sku:' || lower(s.sku_id)
WHERE p.product_key IS NOT NULL
GROUP BY p.product_key
ORDER BY p.product_key
