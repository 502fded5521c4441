-- Progress is written under a fence that was given.
SELECT 'progress of job ' || p.job_id, p.current || ' of ' || coalesce(p.total::text, '?') || ' under fence ' || p.fence,
       CASE WHEN j.id IS NULL THEN 'there is no such job' ELSE 'its last fence is ' || j.fence END, p.updated_at
FROM job_progress p LEFT JOIN job j ON j.id = p.job_id
WHERE p.job_id = ANY (%(ids)s) AND p.fence > j.fence
   OR p.job_id IN (SELECT job_id FROM job_progress ORDER BY job_id DESC LIMIT 1000) AND j.id IS NULL
