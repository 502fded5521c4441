-- One round trip: write the ends of what was executed, claim what comes next.
-- $1..$8 ends (ids, fences, states, results, classes, messages, reasons, delays in seconds)
-- $9 queues, $10 the most to claim, $11 the runner
WITH done AS (
  UPDATE job SET
    -- What is asked of a held job is answered here; see ends.sql.
    state = job_end_state(u.state, job.intent),
    result = u.result::jsonb, failure_class = u.class, failure_message = u.message,
    reason = job_end_reason(u.reason, job_end_state(u.state, job.intent), job.intent,
                            job.intent_by, job.intent_at, job.reason),
    intent = '', intent_by = '', intent_at = NULL, runner_id = NULL, updated_at = clock_timestamp(),
    run_after = CASE WHEN u.state = 'scheduled' THEN clock_timestamp() + make_interval(secs => u.delay) END,
    -- A person's pause ends by a person.
    resume_at = CASE WHEN u.state = 'paused' AND job.intent = ''
                     THEN clock_timestamp() + make_interval(secs => u.delay) END,
    -- To stop without a failure costs no attempt.
    max_attempts = CASE WHEN u.state IN ('queued', 'paused') AND u.class = ''
                        THEN least(job.max_attempts + 1, 32767) ELSE job.max_attempts END,
    finished_at = CASE WHEN job_end_state(u.state, job.intent) IN ('succeeded', 'failed', 'cancelled')
                       THEN clock_timestamp() END
  FROM unnest($1, $2, $3, $4, $5, $6, $7, $8) u (id, fence, state, result, class, message, reason, delay)
  -- Held, said so that the planner keeps to the primary key: by the index of what is held it would
  -- compare every end with every held job.
  WHERE job.id = u.id AND job.fence = u.fence AND job.runner_id IS NOT NULL
  RETURNING job.id
), line AS (
  -- A walk along the index of each queue: a sort over all that is queued would cost 100 times more.
  SELECT x.id, x.priority, q.name AS queue, x.limit_key, q.limited OR x.limit_key <> '' AS limited, x.alone
  FROM (SELECT name, most_running IS NOT NULL OR per_minute IS NOT NULL AS limited, batch
        FROM job_queue WHERE name = ANY ($9) AND NOT paused
        -- First the ends, which may wait for an act on many jobs: it would wait for what was claimed by then.
          AND (SELECT count(*) FROM done) >= 0
          -- Who was declared dead takes nothing more, even before it hears of that.
          AND EXISTS (SELECT FROM job_runner r WHERE r.id = $11 AND r.stopped_at IS NULL)) q
  CROSS JOIN LATERAL (
    SELECT * FROM (
      SELECT j.id, j.priority, j.limit_key, j.solo AS alone FROM job j
      WHERE j.state = 'queued' AND j.queue_id = q.name AND j.limit_key = ''
      ORDER BY j.priority DESC, j.id
      -- Where jobs are counted, one at a time: what is claimed is to be at work.
      LIMIT least($10, CASE WHEN q.limited THEN 1 ELSE q.batch END)
      FOR UPDATE OF j SKIP LOCKED
    ) plain
    UNION ALL
    -- Of the jobs with a key, one, and only one that is the first of its key: whoever is about to claim
    -- that one holds its row, and nobody takes the second meanwhile.
    SELECT * FROM (
      SELECT j.id, j.priority, j.limit_key, true AS alone FROM job j
      -- Said so that the planner finds them by their ids.
      WHERE j.id = ANY (ARRAY(SELECT job_heads(q.name))) AND j.state || '' = 'queued'
      ORDER BY j.priority DESC, j.id LIMIT least($10, 1) FOR UPDATE OF j SKIP LOCKED
    ) keyed
  ) x
  ORDER BY x.priority DESC, x.id
  LIMIT $10
), pick AS (
  -- A job that must be alone is taken only as the first and then without company.
  SELECT id, CASE WHEN limited THEN job_admit(queue, limit_key, id) ELSE 1 END AS slot FROM (
    SELECT id, queue, limit_key, limited, row_number() OVER w AS place, bool_or(alone) OVER w AS alone
    FROM line WINDOW w AS (ORDER BY priority DESC, id)
  ) z WHERE place = 1 OR NOT alone
), claimed AS (
  UPDATE job SET
    -- As many as the column can count: one job must not break the claim of all.
    state = 'running', fence = job.fence + 1, attempt = least(job.attempt + 1, 32767), runner_id = $11, reason = '',
    limit_slot = pick.slot, run_after = NULL, started_at = clock_timestamp(), updated_at = clock_timestamp()
  FROM pick WHERE job.id = pick.id AND pick.slot IS NOT NULL
  RETURNING job.id, job.fence, job.kind, job.arguments, job.attempt, job.max_attempts, job.scope,
            job.subject, job.created_by, job.root_id, job.event_id, job.priority, job.verifies, job.trace
)
SELECT id, fence, kind, arguments, attempt, max_attempts, scope, subject, created_by, root_id, event_id, priority, verifies, trace
FROM claimed
UNION ALL
SELECT u.id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM unnest($1) u (id)
WHERE (SELECT count(*) FROM done) < cardinality($1) AND NOT EXISTS (SELECT FROM done WHERE done.id = u.id)
