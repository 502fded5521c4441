-- Jobs of one kind in one statement. A taken unique key inserts nothing.
INSERT INTO job (kind, queue_id, arguments, scope, subject, priority, state, run_after, max_attempts,
                 unique_key, limit_key, root_id, event_id, created_by, verifies, trace)
SELECT %(kind)s, %(queue)s, a::jsonb, %(scope)s, %(subject)s, %(priority)s,
       CASE WHEN %(blocked)s THEN 'blocked' WHEN %(after)s > 0 THEN 'scheduled' ELSE 'queued' END,
       CASE WHEN %(after)s > 0 THEN clock_timestamp() + make_interval(secs => %(after)s) END,
       %(max_attempts)s, %(unique_key)s, %(limit_key)s, %(root)s, %(event)s, %(actor)s, %(verifies)s, %(trace)s
FROM unnest(%(arguments)s::text[]) a
ON CONFLICT (unique_key) WHERE state IN ('scheduled', 'blocked', 'queued', 'paused') AND NOT (unique_key = '') AND fence = 0 DO NOTHING
RETURNING id
