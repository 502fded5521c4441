-- A factory of a given size, as if it had worked for thirty days: most jobs done, six of a hundred
-- failed, few thousand waiting, eight runners. The busiest tenth of the projects has half of the jobs.
-- Triggers are off: history is written here, not made. Only a superuser may do that.

SET LOCAL synchronous_commit = off;

SET LOCAL session_replication_role = replica;

INSERT INTO project (id, name, slug, goal, stage, version, created_at)
SELECT n, 'Project ' || lpad(n::text, 6, '0'), 'project-' || n, 'Ship it',
       (ARRAY['capture', 'define', 'plan', 'build', 'verify', 'ship'])[1 + n %% 6], 1, now() - interval '40 days'
FROM generate_series(1, %(projects)s) n;

INSERT INTO project_membership (project_id, user_id, role, created_at)
SELECT id, %(member)s, 'contributor', now() FROM project
UNION ALL SELECT id, %(few)s, 'viewer', now() FROM project WHERE id <= 3;

INSERT INTO repository (id, project_id, address, name, branch, token, ssh_key, ssh_public, head_commit,
                        synced_at, failure_class, failure_message, created_at, created_by)
SELECT id, id, 'https://git.example.org/team/repository-' || id, 'repository-' || id, 'main', '', '', '',
       encode(sha256(id::text::bytea), 'hex'), now() - interval '1 hour',
       CASE WHEN id %% 50 = 0 THEN 'auth' ELSE '' END, CASE WHEN id %% 50 = 0 THEN 'The host refused.' ELSE '' END,
       now() - interval '40 days', 'user:' || %(member)s
FROM project;

INSERT INTO system_map (id, repository_id, commit, extractor, digest, counts, languages, structure, document, built_at)
SELECT id, id, CASE WHEN id %% 10 = 0 THEN repeat('0', 64) ELSE head_commit END, %(extractor)s, head_commit,
       '{"files": 3, "edges": 1}', '{}', '{}', '', now() - interval '1 hour'
FROM repository WHERE id %% 20 <> 7;

UPDATE repository SET current_map_id = m.id FROM system_map m WHERE m.repository_id = repository.id;

INSERT INTO job_runner (id, pool, host, boot_id, pid, pid_ticks, owner, home, seen_at, lease_until)
SELECT n, CASE WHEN n < 7 THEN 'short' ELSE 'long' END, 'bench', 'bench', 100000 + n, 1, 'bench', '',
       now() + interval '1 day', now() + CASE WHEN n = 8 THEN interval '-1 hour' ELSE interval '1 day' END
FROM generate_series(1, 8) n;

INSERT INTO job (id, kind, limit_key, queue_id, arguments, scope, subject, state, attempt, fence, runner_id, run_after,
                 created_by, created_at, started_at, updated_at, finished_at, reason, failure_class,
                 failure_message, acknowledged_at, event_id, resume_at)
SELECT n, kind, CASE WHEN finished AND kind = 'projects.sync' THEN 'repository:' || scope ELSE '' END,
       CASE WHEN n %% 7 = 0 THEN 'long' ELSE 'short' END, '{}',
       scope,
       'part-' || n %% 5000, state, attempt, attempt, CASE WHEN held THEN 1 + n %% 8 END,
       CASE WHEN state = 'scheduled' THEN now() + interval '1 hour' END,
       'user:' || %(member)s, at - interval '30 s',
       CASE WHEN attempt > 0 THEN at - interval '20 s' END, at, CASE WHEN finished THEN at END, '',
       CASE WHEN state = 'failed' THEN (ARRAY['bug', 'timeout', 'auth', 'not-found'])[1 + n %% 4] ELSE '' END,
       CASE WHEN state = 'failed' THEN 'Step ' || n %% 40 || ' of part-' || n %% 5000 || ' broke.' ELSE '' END,
       CASE WHEN state = 'failed' AND n %% 3 <> 0 THEN at END,
       CASE WHEN n %% 4 = 0 AND (state <> 'failed' OR n %% 1000 < 10) THEN n / 4 END,
       NULL
FROM (
  SELECT *, state IN ('running', 'verifying') AS held, state IN ('succeeded', 'failed', 'cancelled') AS finished,
         CASE WHEN state IN ('queued', 'blocked', 'scheduled') THEN 0 ELSE 1 END AS attempt,
         CASE WHEN n %% 10 = 0 THEN NULL
              WHEN n %% 2 = 0 THEN 1 + (n / 2) %% greatest(1, %(projects)s / 10)
              ELSE 1 + (hashint8(n) & 2147483647) %% %(projects)s END AS scope
  FROM (
    SELECT n, now() - (%(jobs)s - n) * (interval '30 days' / %(jobs)s) AS at,
           (%(kinds)s::text[])[1 + n %% cardinality(%(kinds)s::text[])] AS kind,
           CASE WHEN n > %(jobs)s - %(jobs)s / 200
                THEN (ARRAY['queued', 'queued', 'queued', 'scheduled', 'blocked', 'paused'])[1 + n %% 6]
                WHEN n > %(jobs)s - %(jobs)s / 200 - 200 THEN CASE WHEN n %% 20 = 0 THEN 'verifying' ELSE 'running' END
                WHEN n %% 100 < 6 THEN 'failed'
                WHEN n %% 100 < 8 THEN 'cancelled'
                ELSE 'succeeded' END AS state
    FROM generate_series(1, %(jobs)s) n) AS made) AS made;

INSERT INTO job_attempt (job_id, number, fence, runner_id, started_at, ended_at, outcome, failure_class, message)
SELECT id, 1, 1, 1 + id %% 8, started_at, finished_at, state, failure_class, failure_message
FROM job WHERE finished_at IS NOT NULL ORDER BY id;

INSERT INTO job_move (job_id, at, from_state, to_state, fence, actor, reason)
SELECT id, at, from_state, to_state, moved.fence, actor, '' FROM job, LATERAL (VALUES
  (created_at, '', CASE WHEN attempt = 0 THEN state ELSE 'queued' END, 0, created_by),
  (started_at, 'queued', CASE WHEN finished_at IS NULL THEN state ELSE 'running' END, 1, 'runner:' || (1 + id %% 8)),
  (finished_at, 'running', state, 1, 'runner:' || (1 + id %% 8))
) AS moved (at, from_state, to_state, fence, actor) WHERE at IS NOT NULL ORDER BY id;

INSERT INTO job_progress (job_id, fence, current, total, item, started_at, heard_at)
SELECT id, 1, 37, 120, 'web-ui', started_at, updated_at FROM job
WHERE id %% 5 = 0 AND attempt > 0 OR state IN ('running', 'verifying');

INSERT INTO job_log (job_id, fence, seq, first_line, text)
SELECT id, 1, 0, 1, repeat('A line of the log of this job' || chr(10), 20) FROM job
WHERE id > %(jobs)s - %(jobs)s / 20 AND attempt > 0;

INSERT INTO job_log (job_id, fence, seq, first_line, text)
SELECT 1, 1, seq, 1 + seq * 1000, repeat('A line of the long log of the first job' || chr(10), 1000)
FROM generate_series(0, 19) seq;

INSERT INTO job_event (id, name, version, payload, scope, subject, actor, hops, created_at)
SELECT n, CASE WHEN n %% 3 = 0 THEN 'project.moved' ELSE 'repository.registered' END, 1,
       CASE WHEN n %% 3 = 0 THEN jsonb_build_object('from', 'plan', 'to', 'build', 'reason', '')
            ELSE jsonb_build_object('repository', scope, 'address', 'https://git.example.org/team/repository-' || scope)
       END, scope, 'repository-' || scope, CASE WHEN n %% 2 = 0 THEN 'user:' || %(member)s ELSE 'job:' || n END, 0,
       now() - (%(jobs)s / 4 - n) * (interval '30 days' / (1 + %(jobs)s / 4))
FROM (SELECT n, 1 + (hashint8(n) & 2147483647) %% %(projects)s AS scope FROM generate_series(1, %(jobs)s / 4) n) AS made;

INSERT INTO job_delivery (event_id, kind, job_id, stopped, created_at)
SELECT e.id, j.kind, j.id, '', e.created_at FROM job_event e JOIN job j ON j.id = e.id * 4;

INSERT INTO job_day (scope, kind, day, state, count, attempts, run_s, wait_s, run_counts, wait_counts)
SELECT scope, kind, current_date - day, 'succeeded', 10, 10, 100, 100, array_fill(1, ARRAY[16]), array_fill(1, ARRAY[16])
FROM generate_series(1, least(%(projects)s, 500)) scope, generate_series(31, 90) day,
     unnest((%(kinds)s::text[])[1:3]) kind;

INSERT INTO job_queue_depth (queue, at, waiting, running, oldest_s)
SELECT name, at, 10, 4, 3 FROM job_queue,
       generate_series(date_trunc('minute', now()) - interval '30 days', now(), interval '1 minute') at
ON CONFLICT DO NOTHING;

INSERT INTO plan_task (project_id, slug, title, version, created_by, goal, location, priority, state, override,
                       created_at, updated_at, moved_at)
SELECT 1 + n %% %(projects)s, 'task-' || n, 'Task ' || n, 1, '', '', '', 1 + n %% 4,
       (ARRAY['NOT_STARTED', 'IN_PROGRESS', 'BLOCKED', 'REVIEW', 'COMPLETED'])[1 + n %% 5], '', now(), now(), now()
FROM generate_series(1, %(projects)s * 5) n
UNION ALL
SELECT 1, 'big-' || n, 'Task ' || n, 1, '', '', '', 1 + n %% 4,
       (ARRAY['NOT_STARTED', 'IN_PROGRESS', 'BLOCKED', 'REVIEW', 'COMPLETED'])[1 + n %% 5], '', now(), now(), now()
FROM generate_series(1, %(projects)s / 2) n;
