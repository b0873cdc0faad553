-- grain:   one row per person who touched a case in the window or the look-back
-- reads:   case_touch, person_environment
-- params:  $as_of DATE, $window_days INTEGER, $season_days INTEGER
-- returns: person_id, own_cases, other_cases, other_resolved_cases, other_case_days, sla_cases, entitlement_cases, copilot_cases, case_days, season_enterprise_cases, indirect_enterprise_cases, season_beside_sla_cases, indirect_beside_sla_cases
WITH asked AS (
    SELECT
        $as_of::DATE AS as_of,
        $as_of::DATE - $window_days::INTEGER AS window_from,
        $as_of::DATE - $season_days::INTEGER AS season_from
),
touched AS (
    SELECT
        c.*,
        c.day >= q.window_from AS in_window,
        c.worked + c.resolved > 0 AS served,
        c.created + c.worked + c.resolved > 0 AS acted,
        c.own = 1 AS is_own,
        c.known = 1 AND c.own = 0 AS is_other,
        c.sla + c.entitlement + c.copilot > 0 AS is_enterprise,
        c.entitlement + c.copilot > 0 AS is_beside_sla
    FROM case_touch c, asked q
    WHERE c.day >= q.season_from AND c.day < q.as_of
),
by_case AS (
    -- the same id in two environments is two cases
    SELECT
        t.person_id,
        t.environment,
        t.case_id,
        bool_or(in_window AND acted AND is_own) AS own,
        bool_or(in_window AND served AND is_other) AS other,
        bool_or(in_window AND resolved = 1 AND is_other) AS other_resolved,
        bool_or(in_window AND served AND sla = 1) AS sla,
        bool_or(in_window AND served AND entitlement = 1) AS entitlement,
        bool_or(in_window AND served AND copilot = 1) AS copilot,
        bool_or(NOT in_window AND served AND is_enterprise) AS season_enterprise,
        bool_or(in_window AND indirect_worked = 1 AND is_enterprise) AS indirect_enterprise,
        bool_or(NOT in_window AND served AND is_beside_sla) AS season_beside_sla,
        bool_or(in_window AND indirect_worked = 1 AND is_beside_sla) AS indirect_beside_sla
    FROM touched t
    SEMI JOIN person_environment e ON e.person_id = t.person_id AND e.environment = t.environment
    GROUP BY t.person_id, t.environment, t.case_id
),
by_day AS (
    SELECT
        t.person_id,
        count(DISTINCT day) FILTER (acted) AS case_days,
        count(DISTINCT day) FILTER (served AND is_other) AS other_case_days
    FROM touched t
    SEMI JOIN person_environment e ON e.person_id = t.person_id AND e.environment = t.environment
    WHERE t.in_window
    GROUP BY t.person_id
)
SELECT
    c.person_id,
    CAST(count(*) FILTER (own) AS BIGINT) AS own_cases,
    CAST(count(*) FILTER (other) AS BIGINT) AS other_cases,
    CAST(count(*) FILTER (other_resolved) AS BIGINT) AS other_resolved_cases,
    CAST(coalesce(any_value(d.other_case_days), 0) AS BIGINT) AS other_case_days,
    CAST(count(*) FILTER (sla) AS BIGINT) AS sla_cases,
    CAST(count(*) FILTER (entitlement) AS BIGINT) AS entitlement_cases,
    CAST(count(*) FILTER (copilot) AS BIGINT) AS copilot_cases,
    CAST(coalesce(any_value(d.case_days), 0) AS BIGINT) AS case_days,
    CAST(count(*) FILTER (season_enterprise) AS BIGINT) AS season_enterprise_cases,
    CAST(count(*) FILTER (indirect_enterprise) AS BIGINT) AS indirect_enterprise_cases,
    CAST(count(*) FILTER (season_beside_sla) AS BIGINT) AS season_beside_sla_cases,
    CAST(count(*) FILTER (indirect_beside_sla) AS BIGINT) AS indirect_beside_sla_cases
FROM by_case c
LEFT JOIN by_day d USING (person_id)
GROUP BY c.person_id
