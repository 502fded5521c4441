-- Lets a blocked job go on of which the last ties were cut; its row is locked.
UPDATE job SET state = CASE WHEN run_after > clock_timestamp() THEN 'scheduled' ELSE 'queued' END,
  reason = 'It no longer waits for ' || %(gone)s || '.', updated_at = clock_timestamp()
WHERE id = %(job)s AND state = 'blocked' AND NOT job_must_wait(id)
