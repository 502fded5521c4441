-- Runners of one home on one boot of one host that hold a job somebody cancelled.
SELECT r.id, r.pid, r.pid_ticks, j.id AS job, j.kind, extract(epoch FROM clock_timestamp() - j.intent_at)::float8
FROM job j JOIN job_runner r ON r.id = j.runner_id
WHERE j.intent <> '' AND j.intent = 'cancel'
  AND r.stopped_at IS NULL AND r.host = %(host)s AND r.boot_id = %(boot_id)s AND r.home IN (%(home)s, '')
