-- grain:   one row per person, environment and kind of queue that they are a member of today
-- reads:   queuemembership_version, queue_version, account_person
-- params:  none
-- returns: person_id, environment, queue_kind
-- Option values of msdyn_queuetype: 192350000 Messaging, 192350002 Voice.
SELECT DISTINCT
    a.person_id,
    m.environment,
    CASE q.msdyn_queuetype WHEN 192350000 THEN 'digital' WHEN 192350002 THEN 'voice' END AS queue_kind
FROM queuemembership_version m
JOIN queue_version q ON q.environment = m.environment AND q.row_id = m.queueid AND q.standing = 'latest'
JOIN account_person a ON a.environment = m.environment AND a.systemuser_id = m.systemuserid AND a.human
WHERE m.standing = 'latest' AND q.msdyn_queuetype IN (192350000, 192350002)
