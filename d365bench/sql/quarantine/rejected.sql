-- grain:   one row per record that the engine's reader did not take, in the order of each file
-- reads:   rejected_line, rejected_scan
-- params:  none
-- returns: source, line, text
-- A record with several surplus fields is noted once per field.
SELECT s.file_path AS source, CAST(MIN(e.line) AS BIGINT) AS line, MIN(e.csv_line) AS text
FROM rejected_line e
INNER JOIN rejected_scan s ON s.scan_id = e.scan_id AND s.file_id = e.file_id
GROUP BY s.file_path, e.line_byte_position
ORDER BY s.file_path, e.line_byte_position
