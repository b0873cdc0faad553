-- grain:   one row per person to decide: with one of our products, or with any action in the window
-- reads:   person, seat, person_record, licence_source, directory_user, environment, person_role, rule_role, queue_member, last_seen, activity_day, access_seen, purview_act, file_set, systemuser_version
-- params:  $as_of DATE, $window_days INTEGER
-- returns: person_id, upn, display_name, department, business_unit, account_enabled, human, left, has_record, records_complete, current_products, product_notes, licence_known, assigned_via, assigned_on, tenure_record, supervisor, queue_digital, queue_voice, last_seen, last_seen_exported, seen_in_window
WITH counted AS (
    SELECT environment FROM environment WHERE kind = 'production' AND service
),
held AS (
    SELECT
        person_id,
        list_sort(list(product_key)) AS current_products,
        list_sort(list(product_key || ': ' || note) FILTER (note IS NOT NULL)) AS product_notes,
        list_sort(list_distinct(flatten(list(assigned_via)))) AS assigned_via,
        max(assigned_on) AS assigned_on
    FROM seat
    GROUP BY person_id
),
acted AS (
    SELECT DISTINCT a.person_id
    FROM activity_day a
    JOIN counted USING (environment)
    WHERE a.day >= $as_of::DATE - $window_days::INTEGER AND a.day < $as_of::DATE
),
found AS (
    SELECT DISTINCT r.person_id
    FROM person_record r
    JOIN directory_user d ON d.row_no = r.directory_row
    JOIN licence_source s ON s.source = d.source
    WHERE d.licences_exported
),
recorded AS (
    SELECT DISTINCT r.person_id FROM person_record r JOIN counted USING (environment) WHERE r.human
),
supervisor AS (
    SELECT DISTINCT p.person_id
    FROM person_role p
    JOIN counted USING (environment)
    JOIN rule_role r
        ON r.name_folded = lower(trim(p.role_name)) OR lower(r.template_id) = lower(p.role_template_id)
    WHERE r.kind = 'supervisor'
),
member AS (
    SELECT
        q.person_id,
        bool_or(q.queue_kind = 'digital') AS queue_digital,
        bool_or(q.queue_kind = 'voice') AS queue_voice
    FROM queue_member q
    JOIN counted USING (environment)
    GROUP BY q.person_id
),
unrecorded AS (
    -- environments whose user records do not prove that somebody has none
    SELECT environment FROM counted
    WHERE environment NOT IN (SELECT environment FROM systemuser_version WHERE standing = 'latest')
        OR environment IN (SELECT environment FROM file_set WHERE table_name = 'systemuser' AND NOT complete)
),
source AS (
    SELECT
        any_value(s.source) AS source,
        coalesce(bool_and(s.complete), false) AS complete,
        (SELECT coalesce(bool_or(sign_in_exported), false) FROM directory_user)
            OR EXISTS (SELECT 1 FROM access_seen v JOIN counted c ON c.environment = v.environment)
            OR EXISTS (SELECT 1 FROM purview_act) AS last_seen_exported
    FROM licence_source s
)
SELECT
    p.person_id,
    p.upn,
    p.display_name,
    p.department,
    p.business_unit,
    p.account_enabled,
    p.human,
    p.account_disabled AND p.human AS left,
    r.person_id IS NOT NULL AS has_record,
    EXISTS (SELECT 1 FROM counted) AND NOT EXISTS (SELECT 1 FROM unrecorded) AS records_complete,
    coalesce(h.current_products, []) AS current_products,
    coalesce(h.product_notes, []) AS product_notes,
    CASE
        WHEN h.person_id IS NOT NULL THEN 'found'
        WHEN f.person_id IS NOT NULL AND s.complete THEN 'found'
        WHEN s.source IS NULL OR (f.person_id IS NULL AND NOT s.complete) THEN 'unknown'
        ELSE 'absent_complete'
    END AS licence_known,
    coalesce(h.assigned_via, []) AS assigned_via,
    h.assigned_on,
    CAST($as_of::DATE - p.record_on AS BIGINT) AS tenure_record,
    v.person_id IS NOT NULL AS supervisor,
    coalesce(m.queue_digital, false) AS queue_digital,
    coalesce(m.queue_voice, false) AS queue_voice,
    l.last_seen,
    s.last_seen_exported,
    coalesce(CAST(l.last_seen AS DATE) >= $as_of::DATE - $window_days::INTEGER, false) AS seen_in_window
FROM person p
CROSS JOIN source s
LEFT JOIN held h USING (person_id)
LEFT JOIN acted a USING (person_id)
LEFT JOIN found f USING (person_id)
LEFT JOIN recorded r USING (person_id)
LEFT JOIN supervisor v USING (person_id)
LEFT JOIN member m USING (person_id)
LEFT JOIN last_seen l USING (person_id)
WHERE h.person_id IS NOT NULL OR (a.person_id IS NOT NULL AND p.human)
ORDER BY p.person_id
