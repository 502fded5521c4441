-- Runners of one home on one boot of one host that give no sign of life, or no longer look for work. Who waits
-- for a lock in the database is not wedged: what holds the lock is.
SELECT id, pid, pid_ticks, busy_until > clock_timestamp() AS busy,
  CASE
    WHEN seen_at < clock_timestamp() - make_interval(secs => %(fresh_s)s) THEN 'it gives no sign of life'
    WHEN busy_until IS NULL THEN 'it no longer looks for work'
    ELSE 'it holds a job beyond its limits'
  END AS why
FROM job_runner r
WHERE stopped_at IS NULL AND host = %(host)s AND boot_id = %(boot_id)s AND home IN (%(home)s, '')
  AND (seen_at < clock_timestamp() - make_interval(secs => %(fresh_s)s)
       OR CASE WHEN busy_until IS NULL THEN looked_at < clock_timestamp() - make_interval(secs => %(look_s)s)
               ELSE busy_until < clock_timestamp() - make_interval(secs => %(grace_s)s) END)
  AND NOT EXISTS (SELECT FROM pg_stat_activity a
                  WHERE a.application_name IN ('factory runner ' || r.id, 'factory heartbeat ' || r.id)
                    AND a.wait_event_type = 'Lock')
