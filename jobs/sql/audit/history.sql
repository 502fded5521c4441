-- History belongs to a job.
SELECT DISTINCT ON (h.job_id) h.what || ' of job ' || h.job_id, 'kept', 'there is no such job', h.at
FROM (
  (SELECT 'a move' AS what, job_id, at FROM job_move ORDER BY id DESC LIMIT %(most)s)
  UNION ALL (SELECT 'an attempt', job_id, ended_at FROM job_attempt ORDER BY id DESC LIMIT %(most)s)
  UNION ALL (SELECT 'a log', job_id, created_at FROM job_log ORDER BY id DESC LIMIT %(most)s)
) AS h
WHERE NOT EXISTS (SELECT FROM job j WHERE j.id = h.job_id)
LIMIT 100
