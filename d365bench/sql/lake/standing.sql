-- grain:   one row per version, with its standing among the versions of its key
-- reads:   arrival
-- params:  none
-- returns: *, standing_rank, live_rank, latest_deleted
-- The rules of stage/verdict in one pass over narrow rows: Spark has no row ids to come back to, and sorts out of core.
SELECT
    ranked.*,
    MIN(CASE WHEN NOT deleted THEN standing_rank END) OVER (PARTITION BY environment, row_id) AS live_rank,
    MAX(CASE WHEN standing_rank = 1 AND deleted THEN 1 ELSE 0 END) OVER (PARTITION BY environment, row_id) AS latest_deleted
FROM (
    SELECT
        reached.*,
        ROW_NUMBER() OVER (
            PARTITION BY environment, row_id
            ORDER BY
                CASE
                    WHEN deleted_up_to IS NULL THEN 0
                    WHEN COALESCE(sink_at, TIMESTAMP_NTZ '0001-01-01 00:00:00') < deleted_up_to THEN 1
                    WHEN COALESCE(sink_at, TIMESTAMP_NTZ '0001-01-01 00:00:00') = deleted_up_to
                        AND NOT (deleted AND version_no IS NULL) THEN 1
                    ELSE 0
                END,
                version_no DESC NULLS LAST,
                sink_at DESC NULLS LAST,
                modified_at DESC NULLS LAST,
                deleted DESC,
                filled DESC,
                content DESC
        ) AS standing_rank
    FROM (
        SELECT
            arrival.*,
            MAX(
                CASE
                    WHEN deleted AND version_no IS NULL
                        THEN COALESCE(sink_at, TIMESTAMP_NTZ '0001-01-01 00:00:00')
                END
            ) OVER (PARTITION BY environment, row_id) AS deleted_up_to
        FROM arrival
    ) reached
) ranked
