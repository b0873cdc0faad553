-- grain:   one setting
-- reads:   none
-- params:  none
-- returns: nothing
SET preserve_insertion_order = false
