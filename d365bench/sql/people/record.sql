-- grain:   one row per account record: a live user record of an environment, or a directory row
-- reads:   systemuser_version, businessunit_version, directory_user
-- params:  none
-- returns: record_id, side, in_directory, environment, systemuser_id, object_id, upn, addresses, human, enabled, created_on, fullname, business_unit, directory_row
SELECT
    'user:' || u.environment || ':' || u.row_id AS record_id,
    'user:' || u.environment AS side,
    false AS in_directory,
    u.environment,
    u.row_id AS systemuser_id,
    CAST(u.azureactivedirectoryobjectid AS VARCHAR) AS object_id,
    nullif(lower(trim(u.domainname)), '') AS upn,
    list_distinct(list_filter(
        [lower(trim(u.internalemailaddress)), lower(trim(u.domainname))], lambda a: a IS NOT NULL AND a <> ''
    )) AS addresses,
    u.applicationid IS NULL
        AND coalesce(trim(u.msdyn_botapplicationid), '') = ''
        AND coalesce(u.accessmode, 0) NOT IN (3, 4, 5)
        AND upper(trim(coalesce(u.fullname, ''))) NOT IN ('SYSTEM', 'INTEGRATION') AS human,
    NOT coalesce(u.isdisabled, false) AS enabled,
    CAST(u.createdon AS DATE) AS created_on,
    u.fullname,
    b.name AS business_unit,
    CAST(NULL AS INTEGER) AS directory_row
FROM systemuser_version u
LEFT JOIN businessunit_version b
    ON b.environment = u.environment AND b.row_id = u.businessunitid AND b.standing = 'latest'
WHERE u.standing = 'latest'
UNION ALL
SELECT
    'directory:' || d.row_no,
    'directory:' || d.source,
    true,
    NULL,
    NULL,
    lower(d.object_id),
    nullif(lower(trim(d.upn)), ''),
    d.proxy_addresses,
    true,
    d.account_enabled,
    NULL,
    d.display_name,
    NULL,
    d.row_no
FROM directory_user d
