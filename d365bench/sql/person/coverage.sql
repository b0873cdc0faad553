-- grain:   one row per person with an environment: the lowest coverage among them
-- reads:   person_environment, environment, coverage_now
-- params:  none
-- returns: person_id, environments, coverage_sessions, coverage_digital, coverage_voice, coverage_record, coverage_any_channel, coverage_cases, coverage_history, season_coverage_digital, season_coverage_voice, season_coverage_record, season_coverage_any_channel, season_coverage_cases, season_coverage_history
-- A channel declared not provisioned is covered fully. The look-back's figures leave out environments whose season
-- the client has answered for.
WITH per_environment AS (
    SELECT
        e.environment,
        NOT list_contains(e.accept, 'season') AS season_open,
        coalesce(list_contains(e.not_provisioned, 'digital'), false) AS no_digital,
        coalesce(list_contains(e.not_provisioned, 'voice'), false) AS no_voice,
        coalesce(list_contains(e.not_provisioned, 'record'), false) AS no_record,
        max(c.percent) FILTER (c.source = 'sessions') AS sessions,
        max(c.percent) FILTER (c.source = 'cases') AS cases,
        max(c.percent) FILTER (c.source = 'case_history') AS history,
        max(c.season_percent) FILTER (c.source = 'sessions') AS season_sessions,
        max(c.season_percent) FILTER (c.source = 'cases') AS season_cases,
        max(c.season_percent) FILTER (c.source = 'case_history') AS season_history
    FROM environment e
    JOIN coverage_now c USING (environment)
    GROUP BY ALL
)
SELECT
    p.person_id,
    list_sort(list(p.environment)) AS environments,
    min(sessions) AS coverage_sessions,
    min(CASE WHEN no_digital THEN 100.0 ELSE sessions END) AS coverage_digital,
    min(CASE WHEN no_voice THEN 100.0 ELSE sessions END) AS coverage_voice,
    min(CASE WHEN no_record THEN 100.0 ELSE sessions END) AS coverage_record,
    min(sessions) AS coverage_any_channel,
    min(cases) AS coverage_cases,
    min(history) AS coverage_history,
    coalesce(min(CASE WHEN no_digital THEN 100.0 ELSE season_sessions END) FILTER (season_open), 100.0) AS season_coverage_digital,
    coalesce(min(CASE WHEN no_voice THEN 100.0 ELSE season_sessions END) FILTER (season_open), 100.0) AS season_coverage_voice,
    coalesce(min(CASE WHEN no_record THEN 100.0 ELSE season_sessions END) FILTER (season_open), 100.0) AS season_coverage_record,
    coalesce(min(season_sessions) FILTER (season_open), 100.0) AS season_coverage_any_channel,
    coalesce(min(season_cases) FILTER (season_open), 100.0) AS season_coverage_cases,
    coalesce(min(season_history) FILTER (season_open), 100.0) AS season_coverage_history
FROM person_environment p
JOIN per_environment USING (environment)
GROUP BY p.person_id
