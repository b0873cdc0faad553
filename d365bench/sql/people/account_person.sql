-- grain:   one row per user record of an environment
-- reads:   person_record
-- params:  none
-- returns: environment, systemuser_id, person_id, human
SELECT environment, systemuser_id, person_id, human FROM person_record WHERE NOT in_directory
