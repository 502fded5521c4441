-- Present runners whose lock nobody holds, and runners that jobs name but whose row is gone or closed.
-- A lease that ran out while the database was away proves nothing: whoever was last seen before its return, or
-- before a looker who asks all the time was let in again, has one lease more from then on.
WITH since AS MATERIALIZED (
  SELECT CASE WHEN %(asks_always)s THEN (SELECT backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid())
              ELSE pg_postmaster_start_time() END AS at
), locks AS (
  SELECT objid::bigint AS runner FROM pg_locks
  WHERE locktype = 'advisory' AND granted AND classid = %(lock_class)s AND objsubid = 2
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
)
SELECT r.id, r.host, r.boot_id, r.pid, r.pid_ticks,
       r.lease_until < clock_timestamp()
         AND (r.seen_at > since.at OR since.at < clock_timestamp() - interval '15 seconds'), r.rss_mb, r.home,
       -- One process hosts one runner at a time: a later one there outlived it.
       EXISTS (SELECT FROM job_runner l WHERE l.id > r.id AND (l.host, l.boot_id, l.home, l.pid, l.pid_ticks)
               = (r.host, r.boot_id, r.home, r.pid, r.pid_ticks))
FROM job_runner r, since
WHERE r.stopped_at IS NULL AND r.id NOT IN (SELECT runner FROM locks)
UNION ALL
SELECT j.runner_id, NULL, NULL, NULL, NULL, min(j.started_at) < clock_timestamp() - interval '15 seconds', NULL, NULL, false
FROM job j LEFT JOIN job_runner r ON r.id = j.runner_id AND r.stopped_at IS NULL
WHERE j.state IN ('running', 'verifying') AND r.id IS NULL AND j.runner_id NOT IN (SELECT runner FROM locks)
GROUP BY j.runner_id
