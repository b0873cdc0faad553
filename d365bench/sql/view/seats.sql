-- grain:   one row per person and product held today
-- reads:   seat
-- params:  none
-- returns: person_id, product_key, assigned_via
SELECT person_id, product_key, assigned_via FROM seat ORDER BY person_id, product_key
