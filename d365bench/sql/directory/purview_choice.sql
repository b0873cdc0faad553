-- grain:   one row per audit record, with its place among the records of the same Id
-- reads:   purview_row
-- params:  none
-- returns: file_id, record, audit_id, user_id, at_instant, correlation_id, message, entity_id, place
-- An Id that several searches found counts once.
SELECT *, row_number() OVER (PARTITION BY audit_id ORDER BY file_id, record) AS place FROM purview_row
