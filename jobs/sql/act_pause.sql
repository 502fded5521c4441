-- Paused at once where no runner has it, also what waits for the end of a rate limit: that ends by itself no more; asked of its runner where one has, who does it at a checkpoint.
WITH chosen AS MATERIALIZED ({chosen}), moved AS (
  UPDATE job SET
    state = CASE WHEN runner_id IS NULL THEN 'paused' ELSE state END,
    reason = CASE WHEN runner_id IS NULL THEN 'Paused by ' || %(said)s
                  WHEN intent = 'pause' THEN reason ELSE %(words)s END,
    intent = CASE WHEN runner_id IS NULL THEN '' ELSE 'pause' END,
    intent_by = CASE WHEN runner_id IS NULL THEN '' WHEN intent = 'pause' THEN intent_by ELSE %(by)s END,
    intent_at = CASE WHEN runner_id IS NULL THEN NULL
                     WHEN intent = 'pause' THEN intent_at ELSE clock_timestamp() END,
    resume_at = NULL, updated_at = clock_timestamp()
  FROM chosen
  WHERE job.id = chosen.id
    AND (state IN ('scheduled', 'blocked', 'queued') OR state = 'paused' AND resume_at IS NOT NULL
         OR state = 'running' AND intent <> 'cancel')
  RETURNING intent <> '' AS asked
)
SELECT count(*) FILTER (WHERE NOT asked), count(*) FILTER (WHERE asked), (SELECT count(*) FROM chosen),
  ARRAY(SELECT id FROM ({matching}) m EXCEPT SELECT id FROM chosen)
FROM moved
