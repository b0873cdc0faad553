-- grain:   one row per environment
-- reads:   environment, queue_version
-- params:  none
-- returns: environment, kind, service, active_queues, custom_tables, accept, not_provisioned
SELECT
    e.environment,
    e.kind,
    e.service,
    CAST(count(q.row_id) AS BIGINT) AS active_queues,
    e.custom_tables,
    e.accept,
    e.not_provisioned
FROM environment e
LEFT JOIN queue_version q
    ON q.environment = e.environment AND q.standing = 'latest' AND coalesce(q.statecode, 0) = 0
GROUP BY ALL
ORDER BY e.environment
