-- grain:   one row per person, environment, routed record and day, whatever the mode
-- reads:   touch
-- params:  none
-- returns: person_id, environment, object_id, day
SELECT DISTINCT person_id, environment, object_id, day
FROM touch
WHERE person_id IS NOT NULL AND kind = 'action' AND action IN ('record.handled', 'record.consulted')
