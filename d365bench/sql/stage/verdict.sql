-- grain:   one row per version that is not the latest of its key
-- reads:   contender, twin
-- params:  none
-- returns: place, last_live
-- A delete row without version number deletes every version with an earlier or equal sink time: those are gone and rank
-- below it. A missing sink time counts as the earliest.
WITH reach AS (
    SELECT environment, row_id, MAX(COALESCE(sink_at, '-infinity'::TIMESTAMP)) AS deleted_up_to
    FROM contender
    WHERE deleted AND version_no IS NULL
    GROUP BY environment, row_id
),
ranked AS (
    SELECT
        c.place,
        c.environment,
        c.row_id,
        c.deleted,
        ROW_NUMBER() OVER (
            PARTITION BY c.environment, c.row_id
            ORDER BY
                COALESCE(
                    COALESCE(c.sink_at, '-infinity'::TIMESTAMP) < r.deleted_up_to
                    OR COALESCE(c.sink_at, '-infinity'::TIMESTAMP) = r.deleted_up_to
                    AND NOT (c.deleted AND c.version_no IS NULL),
                    FALSE
                ),
                c.version_no DESC NULLS LAST,
                c.sink_at DESC NULLS LAST,
                c.modified_at DESC NULLS LAST,
                c.deleted DESC,
                t.filled DESC NULLS LAST,
                t.content DESC NULLS LAST,
                c.place
        ) AS standing_rank
    FROM contender c
    LEFT JOIN reach r ON r.environment = c.environment AND r.row_id = c.row_id
    LEFT JOIN twin t ON t.place = c.place
),
-- Where the latest version is a deletion, the best live one below it still proves activity.
outlived AS (
    SELECT environment, row_id, MIN(standing_rank) FILTER (NOT deleted) AS live_rank
    FROM ranked
    GROUP BY environment, row_id
    HAVING BOOL_OR(deleted AND standing_rank = 1)
)
SELECT r.place, COALESCE(r.standing_rank = o.live_rank, FALSE) AS last_live
FROM ranked r
LEFT JOIN outlived o ON o.environment = r.environment AND o.row_id = r.row_id
WHERE r.standing_rank > 1
