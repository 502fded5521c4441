-- Back to where a paused job waited; a pause that was asked and has not happened is taken back; and a
-- job that is held because one it depends on did not succeed goes on without that.
WITH chosen AS MATERIALIZED ({chosen}), moved AS (
  UPDATE job SET
    state = CASE WHEN state = 'running' THEN state
                 WHEN state = 'paused' AND job_must_wait(job.id) THEN 'blocked'
                 WHEN run_after > clock_timestamp() THEN 'scheduled' ELSE 'queued' END,
    reason = CASE WHEN state = 'running' THEN '' ELSE 'Resumed by ' || %(said)s END,
    resume_at = NULL, intent = '', intent_by = '', intent_at = NULL, updated_at = clock_timestamp()
  FROM chosen
  WHERE job.id = chosen.id AND (state = 'paused' OR intent = 'pause' OR state = 'blocked' AND NOT EXISTS (
    SELECT FROM job_dependency d JOIN job p ON p.id = d.parent_id
    WHERE d.child_id = job.id AND p.state NOT IN ('succeeded', 'failed', 'cancelled')))
  RETURNING job.id, job.state
), noted AS (
  -- What it waits for may have ended meanwhile, unseen by this statement: upkeep looks again.
  INSERT INTO job_unjudged (child_id) SELECT id FROM moved WHERE state = 'blocked'
), waived AS (
  -- Seen as it was: what was blocked and goes on does so without those.
  UPDATE job_dependency d SET policy = 'ignore' FROM moved, job j, job p
  WHERE d.child_id = moved.id AND j.id = moved.id AND j.state = 'blocked'
    AND p.id = d.parent_id AND p.state IN ('failed', 'cancelled')
)
SELECT count(*), 0, (SELECT count(*) FROM chosen),
  ARRAY(SELECT id FROM ({matching}) m EXCEPT SELECT id FROM chosen) FROM moved
