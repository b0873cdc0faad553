-- grain:   one row per account record, with the person it belongs to
-- reads:   account_record, account_identity
-- params:  none
-- returns: person_id, record_id, in_directory, environment, systemuser_id, object_id, upn, human, enabled, created_on, fullname, business_unit, directory_row
WITH named AS (
    SELECT
        identity,
        coalesce(
            min(r.object_id), min(CAST(r.systemuser_id AS VARCHAR)), min(r.upn), min(r.record_id)
        ) AS person_id
    FROM account_record r JOIN account_identity USING (record_id)
    GROUP BY identity
)
SELECT
    n.person_id,
    r.record_id,
    r.in_directory,
    r.environment,
    r.systemuser_id,
    r.object_id,
    r.upn,
    r.human,
    r.enabled,
    r.created_on,
    r.fullname,
    r.business_unit,
    r.directory_row
FROM account_record r
JOIN account_identity USING (record_id)
JOIN named n USING (identity)
