-- What is due leaves its schedule.
UPDATE job SET state = 'queued', updated_at = clock_timestamp()
WHERE id IN (
  SELECT id FROM job WHERE state = 'scheduled' AND run_after <= clock_timestamp()
  ORDER BY run_after LIMIT 1000 FOR UPDATE SKIP LOCKED)
