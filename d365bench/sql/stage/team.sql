-- grain:   one row per exported version of a team; standing holds the reason where the row is refused
-- reads:   landed
-- params:  none
-- returns: environment, file_id, record, row_id, version_no, sink_at, modified_at, deleted, name, isdefault, standing, last_live
SELECT
    landed.environment,
    landed.file_id,
    landed.record,
    as_guid(landed.row_id) AS row_id,
    as_whole(landed.version_no) AS version_no,
    as_instant(landed.sink_at) AS sink_at,
    as_instant(landed.modified_at) AS modified_at,
    COALESCE(as_flag(landed.deleted), FALSE) AS deleted,
    landed.name,
    as_flag(landed.isdefault) AS isdefault,
    COALESCE(
        landed.fault,
        CASE
            WHEN landed.row_id IS NULL THEN 'no_key'
            WHEN
                bad_guid(landed.row_id)
                THEN 'bad_guid'
            WHEN
                bad_instant(landed.sink_at)
                OR bad_instant(landed.modified_at)
                THEN 'bad_date'
            WHEN
                bad_whole(landed.version_no)
                OR bad_flag(landed.deleted)
                OR bad_flag(landed.isdefault)
                THEN 'bad_number'
        END,
        CASE WHEN as_flag(landed.deleted) THEN 'deleted' ELSE 'latest' END
    ) AS standing,
    NOT COALESCE(as_flag(landed.deleted), FALSE) AS last_live
FROM landed
