-- grain:   one row per environment
-- reads:   environment
-- params:  none
-- returns: environment, complete_from, complete_to
SELECT environment, complete_from, complete_to FROM environment
