-- Beneath the triggers lies this sweep: what could go on, or should be cancelled, and still waits.
SELECT job_release(ARRAY(
  SELECT b.id FROM job b
  WHERE b.state = 'blocked' AND (NOT job_must_wait(b.id) OR EXISTS (
    SELECT FROM job_dependency d JOIN job p ON p.id = d.parent_id
    WHERE d.child_id = b.id AND d.policy = 'cancel' AND p.state IN ('failed', 'cancelled')))
  ORDER BY b.id LIMIT 1000), true)
