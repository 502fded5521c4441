-- Whoever holds a runner's lock or calls itself a runner has a row that says so.
WITH present AS (SELECT id FROM job_runner WHERE stopped_at IS NULL)
SELECT 'the lock of runner ' || l.objid, 'no such runner is present', 'backend ' || l.pid || ' holds it', NULL::timestamptz
FROM pg_locks l
WHERE l.locktype = 'advisory' AND l.granted AND l.classid = %(lock_class)s AND l.objsubid = 2
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND l.objid::bigint NOT IN (SELECT id FROM present)
UNION ALL
SELECT application_name, 'no such runner is present', 'backend ' || a.pid || ' is connected', a.backend_start
FROM pg_stat_activity a
WHERE a.datname = current_database() AND a.application_name ~ '^factory (runner|listener|heartbeat) [0-9]+$'
  AND split_part(a.application_name, ' ', 3)::bigint NOT IN (SELECT id FROM present)
