-- grain:   one change per version that is not the latest of its key
-- reads:   arrival, verdict
-- params:  none
-- returns: nothing
UPDATE arrival
SET standing = 'superseded', last_live = verdict.last_live
FROM verdict
WHERE verdict.place = arrival.rowid
