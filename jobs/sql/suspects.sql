-- Present runners whose lock nobody holds, and runners that jobs name but whose row is gone or closed.
WITH locks AS (
  SELECT objid::bigint AS runner FROM pg_locks
  WHERE locktype = 'advisory' AND granted AND classid = %(lock_class)s AND objsubid = 2
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
)
SELECT r.id, r.host, r.boot_id, r.pid, r.pid_ticks, r.lease_until < clock_timestamp(), r.rss_mb, r.home,
       -- One process hosts one runner at a time: a later one there outlived it.
       EXISTS (SELECT FROM job_runner l WHERE l.id > r.id AND (l.host, l.boot_id, l.home, l.pid, l.pid_ticks)
               = (r.host, r.boot_id, r.home, r.pid, r.pid_ticks))
FROM job_runner r
WHERE r.stopped_at IS NULL AND r.id NOT IN (SELECT runner FROM locks)
UNION ALL
SELECT j.runner_id, NULL, NULL, NULL, NULL, min(j.started_at) < clock_timestamp() - interval '15 seconds', NULL, NULL, false
FROM job j LEFT JOIN job_runner r ON r.id = j.runner_id AND r.stopped_at IS NULL
WHERE j.state IN ('running', 'verifying') AND r.id IS NULL AND j.runner_id NOT IN (SELECT runner FROM locks)
GROUP BY j.runner_id
