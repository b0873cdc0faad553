-- grain:   one change per refused row
-- reads:   arrival
-- params:  none
-- returns: nothing
DELETE FROM arrival
WHERE standing NOT IN ('latest', 'deleted')
