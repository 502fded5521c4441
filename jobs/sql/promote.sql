-- What is due leaves its schedule. The clock is read once, so that the walk along the index ends there.
UPDATE job SET state = 'queued', updated_at = clock_timestamp()
WHERE id IN (
  SELECT id FROM job WHERE state = 'scheduled' AND run_after <= (SELECT clock_timestamp())
  ORDER BY run_after LIMIT 1000 FOR UPDATE SKIP LOCKED)
