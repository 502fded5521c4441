-- Beneath the triggers lies this sweep: what could go on, or should be cancelled, and still waits.
SELECT job_release(ARRAY(
  SELECT b.id FROM job b
  -- As `job_must_wait` says, which costs several times as much when it is called for each.
  WHERE b.state = 'blocked' AND (NOT EXISTS (
    SELECT FROM job_dependency d JOIN job p ON p.id = d.parent_id
    WHERE d.child_id = b.id AND p.state <> 'succeeded'
      AND NOT (p.state IN ('failed', 'cancelled') AND d.policy = 'ignore')) OR EXISTS (
    SELECT FROM job_dependency d JOIN job p ON p.id = d.parent_id
    WHERE d.child_id = b.id AND d.policy = 'cancel' AND p.state IN ('failed', 'cancelled')))
  ORDER BY b.id LIMIT 1000), true)
