-- grain:   one row per environment, source, delivery and day of a roll-up made elsewhere
-- reads:   rolled_source_day, rolled_set
-- params:  none
-- returns: environment, source, set_id, day, n
SELECT r.environment, r.source, s.set_id, r.day, r.n
FROM rolled_source_day r
INNER JOIN rolled_set s ON s.number = r.set_id
