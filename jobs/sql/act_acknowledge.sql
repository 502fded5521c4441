-- A failure that somebody has read. Its state stays what it is.
WITH chosen AS MATERIALIZED ({chosen}), read AS (
  UPDATE job SET acknowledged_at = clock_timestamp(), updated_at = clock_timestamp()
  FROM chosen WHERE job.id = chosen.id AND state = 'failed' AND acknowledged_at IS NULL
  RETURNING 1
)
SELECT count(*), 0, (SELECT count(*) FROM chosen),
  ARRAY(SELECT id FROM ({matching}) m EXCEPT SELECT id FROM chosen) FROM read
