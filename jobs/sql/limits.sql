-- Limits of queues and of keys, for the claim. What has no limit never comes here.
-- The only text of these functions: whoever changes one here runs this file again in a migration.

-- How many may begin now, of a bucket that is filled evenly. A clock that was set back fills it, too.
CREATE OR REPLACE FUNCTION job_tokens(tokens float8, burst int, per_minute int, since timestamptz)
RETURNS float8 LANGUAGE sql VOLATILE AS $$
  SELECT least(burst, tokens + abs(extract(epoch FROM clock_timestamp() - since)) * per_minute / 60.0)
$$;

-- The keys of which no more may begin now. A key without a row of its own lets one run.
CREATE OR REPLACE FUNCTION job_full_keys() RETURNS SETOF text LANGUAGE sql STABLE AS $$
  SELECT h.limit_key::text FROM job h LEFT JOIN job_limit l ON l.key = h.limit_key
  WHERE h.state IN ('running', 'verifying') AND h.limit_key <> ''
  GROUP BY h.limit_key, l.key, l.most_running
  HAVING count(*) >= CASE WHEN l.key IS NULL THEN 1 ELSE l.most_running END
  UNION ALL
  SELECT key::text FROM job_limit
  WHERE per_minute IS NOT NULL AND job_tokens(tokens, burst, per_minute, refilled_at) < 1
$$;

-- The jobs of a queue that are the first of their keys, of keys that are not full. They are looked for
-- among the first 100 with a key; and only where all those are of full keys, key by key, so that a full
-- key costs the same however many of its jobs wait.
CREATE OR REPLACE FUNCTION job_heads(of_queue text) RETURNS SETOF bigint LANGUAGE plpgsql STABLE AS $$
DECLARE
  heads bigint[];
  looked int;
BEGIN
  PERFORM FROM job WHERE state = 'queued' AND queue_id = of_queue AND limit_key <> '' LIMIT 1;
  IF NOT FOUND THEN  -- as a rule
    RETURN;
  END IF;
  SELECT array_agg(id) FILTER (WHERE place = 1 AND limit_key NOT IN (SELECT job_full_keys())), count(*)
    INTO heads, looked
    FROM (SELECT id, limit_key, row_number() OVER (PARTITION BY limit_key ORDER BY priority DESC, id) AS place
          FROM (SELECT id, limit_key, priority FROM job
                WHERE state = 'queued' AND queue_id = of_queue AND limit_key <> ''
                ORDER BY priority DESC, id LIMIT 100) w) p;
  RETURN QUERY SELECT unnest(heads);
  IF heads IS NULL AND looked = 100 THEN
    RETURN QUERY
      WITH RECURSIVE one (key) AS (
        SELECT ''::text
        UNION ALL
        SELECT (SELECT limit_key::text FROM job WHERE state = 'queued' AND queue_id = of_queue AND limit_key > one.key
                ORDER BY limit_key LIMIT 1) FROM one WHERE one.key IS NOT NULL
      )
      SELECT h.id FROM one CROSS JOIN LATERAL (
        SELECT id FROM job WHERE state = 'queued' AND queue_id = of_queue AND limit_key = one.key
        ORDER BY priority DESC, id LIMIT 1
      ) h
      WHERE one.key <> '' AND one.key NOT IN (SELECT job_full_keys());
  END IF;
END $$;

-- Lets a job of a queue and a key begin: gives its place among the running ones of that key and
-- takes a token of each, or gives nothing. The rows of the limits stay locked until the claim is
-- written; each question here is asked after the lock, so it sees every claim before.
CREATE OR REPLACE FUNCTION job_admit(of_queue text, of_key text, of_job bigint) RETURNS smallint LANGUAGE plpgsql
  SET enable_seqscan = off AS $$
DECLARE
  line job_queue;
  bound job_limit;
  here int;
  place smallint := 1;
BEGIN
  SELECT * INTO line FROM job_queue
    WHERE name = of_queue AND (most_running IS NOT NULL OR per_minute IS NOT NULL) FOR NO KEY UPDATE;
  IF line.most_running IS NOT NULL THEN
    SELECT count(*) INTO here FROM job WHERE state IN ('running', 'verifying') AND queue_id = of_queue;
  END IF;
  IF line.paused OR here >= line.most_running
      OR job_tokens(line.tokens, line.burst, line.per_minute, line.refilled_at) < 1 THEN
    RETURN NULL;
  END IF;
  SELECT * INTO bound FROM job_limit WHERE key = of_key FOR NO KEY UPDATE;
  IF bound.key IS NOT NULL THEN
    SELECT count(*) INTO here FROM job WHERE state IN ('running', 'verifying') AND limit_key = of_key;
    IF here >= bound.most_running
        OR job_tokens(bound.tokens, bound.burst, bound.per_minute, bound.refilled_at) < 1 THEN
      RETURN NULL;
    END IF;
    -- One of the first here + 1 places is free.
    SELECT min(s) INTO place FROM generate_series(1, here + 1) s
      WHERE NOT EXISTS (SELECT FROM job WHERE limit_key = of_key AND limit_key <> ''
                        AND limit_slot = s AND state IN ('running', 'verifying'));
  END IF;
  -- One that came back meanwhile goes first. Its commit wakes the runners.
  IF of_key <> '' AND of_job <> (SELECT id FROM job WHERE state = 'queued' AND queue_id = of_queue AND limit_key = of_key
                                 ORDER BY priority DESC, id LIMIT 1) THEN
    RETURN NULL;
  END IF;
  UPDATE job_queue SET tokens = job_tokens(tokens, burst, per_minute, refilled_at) - 1,
    refilled_at = clock_timestamp() WHERE name = of_queue AND per_minute IS NOT NULL;
  UPDATE job_limit SET tokens = job_tokens(tokens, burst, per_minute, refilled_at) - 1,
    refilled_at = clock_timestamp() WHERE key = of_key AND per_minute IS NOT NULL;
  RETURN place;
END $$;
