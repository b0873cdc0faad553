-- grain:   one row per session participation that counts as an act or as an offer
-- reads:   participation
-- params:  none
-- returns: environment, person_id, kind, action, object_id, act_at, live_chat
-- Secondary streams inside a chat are no act of their own; unknown channels count only where somebody served them.
SELECT
    environment,
    person_id,
    CASE WHEN joined_at IS NULL THEN 'offered' ELSE 'action' END AS kind,
    CASE
        WHEN joined_at IS NULL THEN class || '.offered'
        WHEN class = 'unknown' THEN 'unknown.handled'
        ELSE class || '.' || mode
    END AS action,
    session_id AS object_id,
    COALESCE(joined_at, invited_at) AS act_at,
    live_chat
FROM participation
WHERE human
    AND actor_known
    AND (
        (joined_at IS NOT NULL AND class IN ('digital', 'voice') AND mode IN ('handled', 'consulted', 'monitored'))
        OR (joined_at IS NOT NULL AND class IN ('record', 'unknown') AND mode IN ('handled', 'consulted'))
        OR (invited_at IS NOT NULL AND class IN ('digital', 'voice') AND COALESCE(mode, 'none') <> 'previewed')
    )
