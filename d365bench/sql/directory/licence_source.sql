-- grain:   one row: the kind of export that licences are taken from
-- reads:   directory_user_row, directory_choice, directory_verdict, directory_file
-- params:  none
-- returns: source, complete
-- Who is missing in an incomplete list proves nothing. A cut list, or one with refused rows, does no harm where whole
-- lists name everybody that it names.
WITH chosen AS (
    SELECT CASE WHEN bool_or(source = 'graph') THEN 'graph' WHEN bool_or(source = 'admin_centre') THEN 'admin_centre' END
        AS source
    FROM directory_user_row
    WHERE licences_exported
),
listed AS (
    SELECT c.account, v.complete AND f.quarantined = 0 AS whole
    FROM directory_user_row r
    JOIN chosen s ON s.source = r.source
    JOIN directory_choice c USING (file_id, record)
    JOIN directory_verdict v USING (file_id)
    JOIN directory_file f USING (file_id)
    WHERE r.licences_exported
),
person AS (SELECT account, bool_or(whole) AS whole FROM listed GROUP BY account)
SELECT source, coalesce((SELECT bool_and(whole) FROM person), false) AS complete FROM chosen
