-- A job has a runner exactly while it is held, and that runner is present, renews its lease and knows of it:
-- while it is idle and has looked since, it holds nothing.
SELECT 'job ' || j.id, j.state,
       CASE WHEN j.state NOT IN ('running', 'verifying') THEN 'runner ' || j.runner_id || ' holds it'
            WHEN r.id IS NULL THEN 'the row of its runner ' || j.runner_id || ' is gone'
            WHEN r.stopped_at IS NOT NULL THEN 'its runner ' || r.id || ' has ended: ' || r.ending
            WHEN r.lease_until >= clock_timestamp() THEN 'its runner ' || r.id || ' is idle and does not know of it'
            ELSE 'the lease of its runner ' || r.id || ' on ' || r.host || ' is over' END,
       coalesce(r.stopped_at, r.lease_until, j.updated_at)
FROM job j LEFT JOIN job_runner r ON r.id = j.runner_id
WHERE j.id = ANY (%(ids)s)
  AND CASE WHEN j.state IN ('running', 'verifying')
           THEN r.id IS NULL OR r.stopped_at IS NOT NULL OR r.lease_until < clock_timestamp()
                OR r.idle_since IS NOT NULL AND r.seen_at > j.started_at + interval '5 seconds'
           ELSE j.runner_id IS NOT NULL END
