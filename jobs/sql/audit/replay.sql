-- Replaying a job's moves gives its row.
WITH played AS (
  SELECT m.job_id, m.from_state, m.to_state, m.fence, m.at,
         lag(m.to_state, 1, '') OVER w AS before, lead(m.id) OVER w IS NULL AS last
  FROM job_move m WHERE m.job_id = ANY (%(ids)s) WINDOW w AS (PARTITION BY m.job_id ORDER BY m.id)
)
SELECT 'job ' || j.id, j.state,
       CASE WHEN p.job_id IS NULL THEN 'it has no moves'
            WHEN p.from_state <> p.before THEN 'a move from ' || p.from_state || ' follows one to ' || p.before
            ELSE 'its moves end at ' || p.to_state || ', fence ' || p.fence || ' of ' || j.fence END,
       coalesce(p.at, j.updated_at)
FROM job j LEFT JOIN played p ON p.job_id = j.id
WHERE j.id = ANY (%(ids)s)
  AND (p.job_id IS NULL OR p.from_state <> p.before OR p.last AND (p.to_state <> j.state OR p.fence <> j.fence))
