-- Each ended attempt is one row; the attempt of a held job is the job's own row.
WITH counted AS (
  SELECT a.job_id, count(*) AS ended FROM job_attempt a WHERE a.job_id = ANY (%(ids)s) GROUP BY a.job_id
)
SELECT 'attempts of job ' || j.id, j.attempt || ' of ' || j.max_attempts,
       coalesce(c.ended, 0) || ' ended' || CASE WHEN j.state IN ('running', 'verifying') THEN ', one in work' ELSE '' END,
       j.updated_at
FROM job j LEFT JOIN counted c ON c.job_id = j.id
WHERE j.id = ANY (%(ids)s)
  AND (least(coalesce(c.ended, 0) + (j.state IN ('running', 'verifying'))::int, 32767) <> j.attempt OR j.attempt > j.max_attempts + 1)
