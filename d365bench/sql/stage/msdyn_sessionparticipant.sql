-- grain:   one row per exported version of a person in a session; standing holds the reason where the row is refused
-- reads:   landed
-- params:  none
-- returns: environment, file_id, record, row_id, version_no, sink_at, modified_at, deleted, msdyn_omnichannelsession, msdyn_agentid, msdyn_activedirectoryuserid, msdyn_mode, msdyn_joinedon, msdyn_addedon, createdon, standing, last_live
-- msdyn_activedirectoryuserid is free text in Dataverse: what is no GUID there is nothing, not a reason to refuse the row.
SELECT
    landed.environment,
    landed.file_id,
    landed.record,
    as_guid(landed.row_id) AS row_id,
    as_whole(landed.version_no) AS version_no,
    as_instant(landed.sink_at) AS sink_at,
    as_instant(landed.modified_at) AS modified_at,
    COALESCE(as_flag(landed.deleted), FALSE) AS deleted,
    as_guid(landed.msdyn_omnichannelsession) AS msdyn_omnichannelsession,
    as_guid(landed.msdyn_agentid) AS msdyn_agentid,
    as_guid(landed.msdyn_activedirectoryuserid) AS msdyn_activedirectoryuserid,
    as_whole(landed.msdyn_mode) AS msdyn_mode,
    as_instant(landed.msdyn_joinedon) AS msdyn_joinedon,
    as_instant(landed.msdyn_addedon) AS msdyn_addedon,
    as_instant(landed.createdon) AS createdon,
    COALESCE(
        landed.fault,
        CASE
            WHEN landed.row_id IS NULL THEN 'no_key'
            WHEN
                bad_guid(landed.row_id)
                OR bad_guid(landed.msdyn_omnichannelsession)
                OR bad_guid(landed.msdyn_agentid)
                THEN 'bad_guid'
            WHEN
                bad_instant(landed.sink_at)
                OR bad_instant(landed.modified_at)
                OR bad_instant(landed.msdyn_joinedon)
                OR bad_instant(landed.msdyn_addedon)
                OR bad_instant(landed.createdon)
                THEN 'bad_date'
            WHEN
                bad_whole(landed.version_no)
                OR bad_whole(landed.msdyn_mode)
                OR bad_flag(landed.deleted)
                THEN 'bad_number'
        END,
        CASE WHEN as_flag(landed.deleted) THEN 'deleted' ELSE 'latest' END
    ) AS standing,
    NOT COALESCE(as_flag(landed.deleted), FALSE) AS last_live
FROM landed
