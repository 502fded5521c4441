-- What is due was queued.
SELECT 'job ' || id, state, 'it is due', run_after
FROM job WHERE state = 'scheduled' AND run_after < clock_timestamp() - make_interval(secs => %(late_s)s)
ORDER BY run_after LIMIT 100
