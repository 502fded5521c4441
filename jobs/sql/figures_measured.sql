-- How long the newest attempts that ended within a time waited and ran: in all, by kind, queue, project
-- and runner, in each step of the time, and how many ran up to each bound. A wait begins when the job
-- was queued last before the attempt. Jobs are looked up one by one (OFFSET), until
-- enough were found; of few projects all are asked.
WITH last AS MATERIALIZED (
  SELECT id FROM job_attempt WHERE ended_at < %(until)s ORDER BY id DESC LIMIT 1
), found AS MATERIALIZED (
  (SELECT a.id, a.job_id, a.outcome, a.started_at, a.ended_at, a.runner_id, j.*
   FROM job_attempt a, LATERAL (SELECT kind, queue_id, scope FROM job WHERE id = a.job_id OFFSET 0) AS j
   WHERE cardinality(%(few)s::bigint[]) = 0
     AND a.id > (SELECT id FROM last) - %(counted)s AND a.id <= (SELECT id FROM last)
     AND a.ended_at >= %(since)s AND a.ended_at < %(until)s
     AND (%(scopes)s::bigint[] IS NULL OR j.scope = ANY (%(scopes)s::bigint[]))
     AND (%(kind)s = '' OR j.kind = %(kind)s)
   ORDER BY a.id DESC LIMIT %(most)s)
  UNION ALL
  (SELECT a.id, a.job_id, a.outcome, a.started_at, a.ended_at, a.runner_id, j.kind, j.queue_id, j.scope
   FROM unnest(%(few)s::bigint[]) AS wanted (scope),
     LATERAL (SELECT id, kind, queue_id, scope FROM job WHERE job.scope = wanted.scope AND job.scope > 0 OFFSET 0) AS j
     JOIN job_attempt a ON a.job_id = j.id
   WHERE a.ended_at >= %(since)s AND a.ended_at < %(until)s AND (%(kind)s = '' OR j.kind = %(kind)s)
   ORDER BY a.id DESC LIMIT %(most)s)
), ended AS (
  SELECT *, date_bin(%(step)s, ended_at, %(origin)s) AS at,
         extract(epoch FROM ended_at - started_at)::float8 AS run_s
  FROM found
), waited AS MATERIALIZED (
  SELECT e.*, width_bucket(run_s, %(bounds)s::float8[]) AS bucket,
         extract(epoch FROM e.started_at - q.at)::float8 AS wait_s
  FROM ended e LEFT JOIN LATERAL (
    SELECT max(m.at) AS at FROM job_move m WHERE m.job_id = e.job_id AND m.to_state = 'queued' AND m.at <= e.started_at
  ) q ON true
)
SELECT CASE WHEN grouping(kind) = 0 THEN 'kind' WHEN grouping(queue_id) = 0 THEN 'queue'
            WHEN grouping(scope) = 0 THEN 'project' WHEN grouping(runner_id) = 0 THEN 'runner'
            WHEN grouping(at) = 0 THEN 'step' WHEN grouping(bucket) = 0 THEN 'bucket' ELSE '' END,
       coalesce(kind, queue_id, scope::text, runner_id::text, bucket::text, ''), at,
       count(*), count(*) FILTER (WHERE outcome = 'succeeded'), count(*) FILTER (WHERE outcome = 'failed'),
       count(*) FILTER (WHERE outcome IN ('queued', 'scheduled')),
       percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY wait_s),
       percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY run_s)
FROM waited
GROUP BY GROUPING SETS ((), (kind), (queue_id), (scope), (runner_id), (at), (bucket))
ORDER BY 1, 4 DESC, 2
