-- grain:   one row per product of the rule book, none where no subscribedSkus were exported
-- reads:   subscribed_sku, licence_product
-- params:  none
-- returns: product_key, purchased
-- A list of subscriptions names all that were bought: what it does not name was bought 0 times.
SELECT p.product_key, CAST(coalesce(sum(s.purchased), 0) AS BIGINT) AS purchased
FROM licence_product p
LEFT JOIN subscribed_sku s ON p.licence = 'sku:' || lower(s.sku_id)
WHERE p.product_key IS NOT NULL AND EXISTS (SELECT 1 FROM subscribed_sku)
GROUP BY p.product_key
ORDER BY p.product_key
