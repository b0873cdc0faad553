-- grain:   one change of the table
-- reads:   arrival
-- params:  none
-- returns: nothing
-- The record number has done its work once refused rows are in quarantine; large files never had one.
ALTER TABLE arrival DROP COLUMN record
