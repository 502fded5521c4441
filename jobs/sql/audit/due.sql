-- What is due was queued.
(SELECT 'job ' || id, state, 'it is due', run_after
 FROM job WHERE state = 'scheduled' AND run_after < clock_timestamp() - make_interval(secs => %(late_s)s)
 ORDER BY run_after LIMIT 100)
UNION ALL
(SELECT 'job ' || id, state, 'it was to resume', resume_at
 FROM job WHERE resume_at < clock_timestamp() - make_interval(secs => %(late_s)s)
 ORDER BY resume_at LIMIT 100)
