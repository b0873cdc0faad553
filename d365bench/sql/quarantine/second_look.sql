-- grain:   one row per refused row of one file, read again in order and numbered
-- reads:   staged, passed_over
-- params:  none
-- returns: file_id, record, reason
-- The engine numbers the rows that it accepted; each record that it passed over before them shifts the number by one.
SELECT
    s.file_id,
    s.record + (SELECT CAST(COUNT(*) AS BIGINT) FROM passed_over p WHERE p.accepted_before < s.record) AS record,
    s.standing AS reason
FROM staged s
WHERE s.standing NOT IN ('latest', 'deleted')
