-- Cancelled at once where no runner has it; asked of its runner where one has. The first who asks is named.
WITH chosen AS MATERIALIZED ({chosen}), moved AS (
  UPDATE job SET
    state = CASE WHEN runner_id IS NULL THEN 'cancelled' ELSE state END,
    finished_at = CASE WHEN runner_id IS NULL THEN clock_timestamp() END,
    reason = CASE WHEN runner_id IS NULL THEN 'Cancelled by ' || %(said)s
                  WHEN intent = 'cancel' THEN reason ELSE %(words)s END,
    resume_at = NULL,
    intent = CASE WHEN runner_id IS NULL THEN '' ELSE 'cancel' END,
    intent_by = CASE WHEN runner_id IS NULL THEN '' WHEN intent = 'cancel' THEN intent_by ELSE %(by)s END,
    intent_at = CASE WHEN runner_id IS NULL THEN NULL
                     WHEN intent = 'cancel' THEN intent_at ELSE clock_timestamp() END,
    updated_at = clock_timestamp()
  FROM chosen
  WHERE job.id = chosen.id
    AND state IN ('scheduled', 'blocked', 'queued', 'paused', 'running', 'verifying')
  RETURNING intent <> '' AS asked
)
SELECT count(*) FILTER (WHERE NOT asked), count(*) FILTER (WHERE asked), (SELECT count(*) FROM chosen),
  ARRAY(SELECT id FROM ({matching}) m EXCEPT SELECT id FROM chosen)
FROM moved
