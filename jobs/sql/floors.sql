-- For each project and kind with jobs old enough to go: the oldest of its newest finished jobs,
-- which stay whatever their age.
SELECT scope, kind, min(id) FROM (
  SELECT id, scope, kind, row_number() OVER (PARTITION BY scope, kind ORDER BY id DESC) AS place
  FROM job
  WHERE state IN ('succeeded', 'failed', 'cancelled')
    AND (coalesce(scope, 0), kind) IN (
      SELECT coalesce(scope, 0), kind FROM job
      WHERE finished_at < clock_timestamp() - make_interval(days => %(days)s))
) newest WHERE place <= %(keep)s
GROUP BY scope, kind
