-- Schedules whose tick has come, and those planned by a clock that has gone back since.
SELECT id FROM job_schedule
WHERE paused_at IS NULL AND (next_at <= clock_timestamp() OR planned_at > clock_timestamp())
ORDER BY next_at LIMIT 100
