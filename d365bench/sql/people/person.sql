-- grain:   one row per person: a human, or a directory account that nobody uses as one
-- reads:   person_record, directory_user, environment
-- params:  none
-- returns: person_id, upn, display_name, department, business_unit, account_enabled, human, account_disabled, directory_sign_in, record_on
-- Directory fields win; among directories Graph wins over the admin centre, and that over the Entra list.
WITH directory AS (
    SELECT
        p.person_id,
        arg_min(d.upn, rank) FILTER (d.upn IS NOT NULL) AS upn,
        arg_min(d.display_name, rank) FILTER (d.display_name IS NOT NULL) AS display_name,
        arg_min(d.department, rank) FILTER (d.department IS NOT NULL) AS department,
        arg_min(d.account_enabled, rank) FILTER (d.account_enabled IS NOT NULL) AS account_enabled,
        max(d.last_sign_in) AS last_sign_in
    FROM (
        SELECT *, (CASE source WHEN 'graph' THEN 1 WHEN 'admin_centre' THEN 2 ELSE 3 END, coalesce(lower(upn), '')) AS rank
        FROM directory_user
    ) d
    JOIN person_record p ON p.directory_row = d.row_no
    GROUP BY p.person_id
),
users AS (
    SELECT
        p.person_id,
        arg_min(p.upn, place) FILTER (p.upn IS NOT NULL) AS upn,
        arg_min(p.fullname, place) FILTER (p.fullname IS NOT NULL) AS fullname,
        arg_min(p.business_unit, place) FILTER (p.business_unit IS NOT NULL) AS business_unit,
        bool_or(p.human) AS human,
        bool_or(p.enabled) AS enabled,
        min(p.created_on) FILTER (p.counted) AS record_on
    FROM (
        SELECT
            r.*,
            e.kind = 'production' AND e.service AS counted,
            (e.kind <> 'production', r.environment, r.record_id) AS place
        FROM person_record r JOIN environment e USING (environment)
        WHERE NOT r.in_directory
    ) p
    GROUP BY p.person_id
)
SELECT
    person_id,
    coalesce(d.upn, u.upn) AS upn,
    coalesce(d.display_name, u.fullname) AS display_name,
    d.department,
    u.business_unit,
    coalesce(d.account_enabled, u.enabled) AS account_enabled,
    coalesce(u.human, true) AS human,
    -- gone: the directory says so, or knows nobody and every user record is disabled
    coalesce(d.account_enabled = false, false) OR (d.person_id IS NULL AND NOT coalesce(u.enabled, true)) AS account_disabled,
    d.last_sign_in AS directory_sign_in,
    u.record_on
FROM directory d
FULL JOIN users u USING (person_id)
