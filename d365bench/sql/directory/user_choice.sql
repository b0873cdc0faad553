-- grain:   one row per row of a list of people, with its place among the rows of the same account in the same source
-- reads:   directory_user_row, licence_assignment_row, directory_verdict
-- params:  none
-- returns: file_id, record, source, account, row_no, place
-- The order knows nothing of file names: licences first, then the newest trace, then content. A row without object id
-- belongs to the only object id that its source gives this UPN.
WITH held AS (
    SELECT
        file_id,
        record,
        count(DISTINCT coalesce(sku_id, sku_name)) AS licences,
        count(via) AS known_paths,
        max(assigned_at) AS assigned_at,
        string_agg(concat_ws('/', sku_id, sku_name, via), '|' ORDER BY sku_id, sku_name, via) AS paths
    FROM licence_assignment_row
    GROUP BY file_id, record
),
known AS (
    SELECT source, lower(upn) AS upn, min(object_id) AS object_id
    FROM directory_user_row
    WHERE object_id IS NOT NULL AND upn IS NOT NULL
    GROUP BY source, lower(upn)
    HAVING count(DISTINCT object_id) = 1
),
named AS (
    SELECT r.*, coalesce(r.object_id, k.object_id, lower(r.upn)) AS account
    FROM directory_user_row r
    LEFT JOIN known k ON r.object_id IS NULL AND k.source = r.source AND k.upn = lower(r.upn)
)
SELECT
    n.file_id,
    n.record,
    n.source,
    n.account,
    CAST(dense_rank() OVER (ORDER BY n.source, n.account) AS INTEGER) AS row_no,
    row_number() OVER (
        PARTITION BY n.source, n.account
        ORDER BY
            n.licences_exported DESC,
            (coalesce(h.licences, 0) > 0) DESC,
            greatest(n.last_sign_in, h.assigned_at) DESC NULLS LAST,
            n.account_enabled DESC NULLS LAST,
            h.licences DESC NULLS LAST,
            h.known_paths DESC NULLS LAST,
            n.object_id NULLS LAST,
            concat_ws('|', n.upn, n.display_name, n.department, n.user_type, h.paths),
            v.complete DESC,
            n.file_id,
            n.record
    ) AS place
FROM named n
JOIN directory_verdict v USING (file_id)
LEFT JOIN held h USING (file_id, record)
