-- A job has a runner exactly while it is held, and that runner is present and renews its lease.
SELECT 'job ' || j.id, j.state,
       CASE WHEN j.state NOT IN ('running', 'verifying') THEN 'runner ' || j.runner_id || ' holds it'
            WHEN r.id IS NULL THEN 'the row of its runner ' || j.runner_id || ' is gone'
            WHEN r.stopped_at IS NOT NULL THEN 'its runner ' || r.id || ' has ended: ' || r.ending
            ELSE 'the lease of its runner ' || r.id || ' on ' || r.host || ' is over' END,
       coalesce(r.stopped_at, r.lease_until, j.updated_at)
FROM job j LEFT JOIN job_runner r ON r.id = j.runner_id
WHERE j.id = ANY (%(ids)s)
  AND CASE WHEN j.state IN ('running', 'verifying')
           THEN r.id IS NULL OR r.stopped_at IS NOT NULL OR r.lease_until < clock_timestamp()
           ELSE j.runner_id IS NOT NULL END
