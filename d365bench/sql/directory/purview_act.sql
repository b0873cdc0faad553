-- grain:   one row per act in an audit search
-- reads:   purview_choice
-- params:  none
-- returns: user_id, at_instant, message
-- A large record is split over several Ids: one act is one correlation, message, entity and user.
SELECT user_id, min(at_instant) AS at_instant, message
FROM purview_choice
WHERE place = 1
GROUP BY coalesce(correlation_id, audit_id), message, entity_id, user_id
ORDER BY at_instant, user_id, message
