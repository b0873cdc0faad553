-- grain:   one row per record that the strict reader did not take
-- reads:   rejected_line, rejected_scan
-- params:  none
-- returns: source, line, text
-- A record with several surplus fields is noted once per field.
SELECT DISTINCT s.file_path AS source, CAST(e.line AS BIGINT) AS line, e.csv_line AS text
FROM rejected_line e
INNER JOIN rejected_scan s ON s.scan_id = e.scan_id AND s.file_id = e.file_id
ORDER BY source, line
