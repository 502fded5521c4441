-- Old finished jobs of a window of ids go into daily counts, in one statement: either they are
-- there as rows or they are counted. Their history goes with them, by triggers.
-- A failed job stays until somebody put it away, a parent until its children have ended.
WITH aged AS (
  SELECT j.id
  FROM job j JOIN unnest(%(scopes)s::bigint[], %(kinds)s::text[], %(floors)s::bigint[]) f (scope, kind, floor)
    ON f.kind = j.kind AND f.scope = coalesce(j.scope, 0)
  WHERE j.id > %(after)s AND j.id <= %(upto)s AND j.id < f.floor
    AND j.finished_at < clock_timestamp() - make_interval(days => %(days)s)
    AND (j.state <> 'failed' OR j.acknowledged_at >= j.finished_at)
    AND NOT (j.awaited AND EXISTS (
      SELECT FROM job_dependency d JOIN job c ON c.id = d.child_id
      WHERE d.parent_id = j.id AND c.state NOT IN ('succeeded', 'failed', 'cancelled')))
  FOR UPDATE OF j SKIP LOCKED
), gone AS (
  DELETE FROM job USING aged WHERE job.id = aged.id
  RETURNING job.scope, job.kind, job.state, job.attempt, (job.finished_at AT TIME ZONE 'UTC')::date AS day,
    greatest(0, extract(epoch FROM job.finished_at - coalesce(job.started_at, job.finished_at))) AS run,
    greatest(0, extract(epoch FROM coalesce(job.started_at, job.finished_at) - job.created_at)) AS wait
), counted AS (
  INSERT INTO job_day AS d (scope, kind, day, state, count, attempts, run_s, wait_s, run_counts, wait_counts)
  SELECT scope, kind, day, state, count(*), sum(attempt), sum(run), sum(wait),
         job_histogram(array_agg(run::float8), %(bounds)s), job_histogram(array_agg(wait::float8), %(bounds)s)
  FROM gone GROUP BY scope, kind, day, state
  ON CONFLICT (day, scope, kind, state) DO UPDATE SET
    count = d.count + excluded.count, attempts = d.attempts + excluded.attempts,
    run_s = d.run_s + excluded.run_s, wait_s = d.wait_s + excluded.wait_s,
    run_counts = job_histogram_sum(d.run_counts, excluded.run_counts),
    wait_counts = job_histogram_sum(d.wait_counts, excluded.wait_counts)
)
SELECT count(*) FROM gone
