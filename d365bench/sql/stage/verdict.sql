-- grain:   one row per version that is not the latest of its key
-- reads:   contender, twin
-- params:  none
-- returns: place, last_live
-- A delete row without version number deletes every version with an earlier or equal sink time: those are gone and rank
-- below it. A missing sink time counts as the earliest.
WITH reached AS (
    SELECT
        c.*,
        t.filled,
        t.content,
        MAX(COALESCE(c.sink_at, '-infinity'::TIMESTAMP)) FILTER (c.deleted AND c.version_no IS NULL)
            OVER (PARTITION BY c.environment, c.row_id) AS deleted_up_to
    FROM contender c
    LEFT JOIN twin t ON t.place = c.place
),
ranked AS (
    SELECT
        place,
        deleted,
        ROW_NUMBER() OVER best AS rank_of_all,
        ROW_NUMBER() OVER best_of_kind AS rank_of_kind
    FROM (
        SELECT
            *,
            COALESCE(
                COALESCE(sink_at, '-infinity'::TIMESTAMP) <= deleted_up_to
                AND NOT (
                    deleted AND version_no IS NULL AND COALESCE(sink_at, '-infinity'::TIMESTAMP) = deleted_up_to
                ),
                FALSE
            ) AS gone
        FROM reached
    )
    WINDOW
        best AS (
            PARTITION BY environment, row_id
            ORDER BY
                gone, version_no DESC NULLS LAST, sink_at DESC NULLS LAST, modified_at DESC NULLS LAST, deleted DESC,
                filled DESC, content DESC, place
        ),
        best_of_kind AS (
            PARTITION BY environment, row_id, deleted
            ORDER BY
                gone, version_no DESC NULLS LAST, sink_at DESC NULLS LAST, modified_at DESC NULLS LAST,
                filled DESC, content DESC, place
        )
)
SELECT place, NOT deleted AND rank_of_kind = 1 AS last_live
FROM ranked
WHERE rank_of_all > 1
