-- grain:   one row per account and source
-- reads:   directory_choice, directory_user_row
-- params:  none
-- returns: source, file_id, row_no, object_id, upn, display_name, department, account_enabled, user_type, proxy_addresses, last_sign_in, sign_in_exported, licences_exported
-- The first row in place counts; what it does not say is taken from the next one that does (arg_min passes over NULL).
SELECT
    c.source,
    arg_min(c.file_id, c.place) AS file_id,
    c.row_no,
    arg_min(r.object_id, c.place) AS object_id,
    arg_min(r.upn, c.place) AS upn,
    arg_min(r.display_name, c.place) AS display_name,
    arg_min(r.department, c.place) AS department,
    arg_min(r.account_enabled, c.place) AS account_enabled,
    arg_min(r.user_type, c.place) AS user_type,
    list_sort(list_distinct(flatten(list(r.proxy_addresses)))) AS proxy_addresses,
    max(r.last_sign_in) AS last_sign_in,
    bool_or(r.sign_in_exported) AS sign_in_exported,
    bool_or(r.licences_exported) AS licences_exported
FROM directory_choice c
JOIN directory_user_row r USING (file_id, record)
GROUP BY c.source, c.row_no
ORDER BY c.row_no
