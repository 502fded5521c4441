-- Of each key that has limits of its own: how many of its jobs run, and how many may begin.
SELECT l.key, (SELECT count(*) FROM job h WHERE h.limit_key = l.key AND h.limit_key <> ''
               AND h.state IN ('running', 'verifying')),
       CASE WHEN l.per_minute IS NOT NULL THEN job_tokens(l.tokens, l.burst, l.per_minute, l.refilled_at) END
FROM job_limit l
