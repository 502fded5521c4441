-- A runner's sign of life. No row: it was declared dead, or its row was removed.
UPDATE job_runner SET
  seen_at = clock_timestamp(), lease_until = clock_timestamp() + make_interval(secs => %(lease_s)s),
  looked_at = clock_timestamp() - make_interval(secs => %(looked_s)s),
  busy_until = clock_timestamp() + make_interval(secs => %(busy_s)s),
  idle_since = clock_timestamp() - make_interval(secs => %(idle_s)s),
  rss_mb = %(rss_mb)s, executed = %(executed)s
WHERE id = %(runner)s AND stopped_at IS NULL
RETURNING intent, intent_by
