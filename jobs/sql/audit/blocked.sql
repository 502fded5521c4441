-- A job is blocked exactly while something it depends on keeps it, or upkeep is about to judge it.
SELECT 'job ' || j.id, j.state,
       CASE WHEN j.state = 'blocked' THEN 'nothing it depends on keeps it'
            ELSE 'it depends on #' || p.id || ', which is ' || p.state END, j.updated_at
FROM job j LEFT JOIN LATERAL (
  SELECT p.id, p.state FROM job_dependency d JOIN job p ON p.id = d.parent_id
  WHERE d.child_id = j.id AND j.state <> 'blocked' AND p.state NOT IN ('succeeded', 'failed', 'cancelled')
    -- Whose failure was ignored may begin anew.
    AND NOT (d.policy = 'ignore' AND EXISTS (
      SELECT FROM job_move m WHERE m.job_id = p.id AND m.to_state IN ('failed', 'cancelled')))
  ORDER BY p.id LIMIT 1
) p ON true
WHERE j.id = ANY (%(ids)s)
  AND CASE WHEN j.state = 'blocked' THEN NOT job_must_wait(j.id)
                AND NOT EXISTS (SELECT FROM job_unjudged u WHERE u.child_id = j.id)
           -- A person may resume it; what it depends on may begin anew after that.
           ELSE j.state IN ('queued', 'scheduled') AND j.fence = 0 AND p.id IS NOT NULL AND j.reason NOT LIKE 'Resumed%%' END
