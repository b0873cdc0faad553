-- grain:   one row per account, licence and path that gives it a seat
-- reads:   directory_choice, licence_assignment_row
-- params:  none
-- returns: source, row_no, sku_id, sku_name, via, assigned_at
SELECT DISTINCT a.source, c.row_no, a.sku_id, a.sku_name, a.via, a.assigned_at
FROM licence_assignment_row a
JOIN directory_choice c USING (file_id, record)
WHERE c.place = 1
ORDER BY ALL
