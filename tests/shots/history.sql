-- Thirty days of a small factory: triggers are off, since history is written here and not made.
SET LOCAL session_replication_role = replica;

INSERT INTO repository (project_id, address, name, branch, token, ssh_key, ssh_public, head_commit,
                        synced_at, failure_class, failure_message, created_at, created_by)
SELECT p.id, 'https://git.example.org/' || split_part(p.slug, '-', 1) || '/' || p.slug || tail,
       p.slug || tail, 'main', '', '', '',
       substr(encode(sha256((p.slug || tail)::bytea), 'hex'), 1, 40), now() - p.id %% 37 * interval '3 min', '', '',
       now() - interval '38 days', 'user:' || %(ana)s
FROM project p, unnest(ARRAY['', '-deploy', '-docs']) WITH ORDINALITY AS t (tail, number)
WHERE p.goal <> '' AND number <= 1 + p.id %% 3;

INSERT INTO system_map (repository_id, commit, extractor, digest, counts, languages, structure, document, built_at)
SELECT id, CASE WHEN id %% 11 = 3 THEN substr(encode(sha256(head_commit::bytea), 'hex'), 1, 40) ELSE head_commit END, %(extractor)s,
       encode(sha256(head_commit::bytea), 'hex'),
       jsonb_build_object('files', 40 + id * 37 %% 900, 'edges', 60 + id * 91 %% 4000), '{}', '{}', '',
       now() - id %% 37 * interval '3 min'
FROM repository WHERE current_map_id IS NULL AND head_commit <> '' AND id %% 13 <> 5;

UPDATE repository SET current_map_id = m.id FROM system_map m
WHERE m.repository_id = repository.id AND repository.current_map_id IS NULL;

INSERT INTO job_runner (id, pool, host, boot_id, pid, pid_ticks, owner, home, started_at, seen_at, lease_until,
                        looked_at, busy_until, rss_mb, executed, version)
SELECT n, CASE WHEN n < 7005 THEN 'short' ELSE 'long' END, CASE WHEN n %% 2 = 0 THEN 'build-07' ELSE 'build-08' END,
       'b', 40000 + n * 17 %% 900, 1, 'cluster', '/srv/factory', now() - interval '3 days', now(),
       now() + interval '1 day', now(), now() + interval '1 day', 84 + n * 13 %% 60, 1200 + n * 71 %% 900, '0.9.2'
FROM generate_series(7001, 7008) n;

INSERT INTO job (kind, queue_id, arguments, scope, subject, state, attempt, fence, runner_id, created_by,
                 created_at, started_at, updated_at, finished_at, result, failure_class, failure_message, acknowledged_at)
SELECT kind, CASE WHEN n %% 9 = 0 THEN 'short' ELSE 'long' END, jsonb_build_object('repository', repository),
       scope, subject, state, 1, 1, NULL, CASE WHEN n %% 3 = 0 THEN 'user:' || %(ana)s ELSE 'schedule:2' END,
       at - interval '2 s', at, at + took, at + took, CASE WHEN state = 'succeeded' THEN '{}'::jsonb END,
       CASE WHEN state = 'failed' THEN (ARRAY['transient-network', 'auth', 'timeout', 'bug'])[1 + n %% 4] ELSE '' END,
       CASE WHEN state = 'failed' THEN (ARRAY['git.example.org did not answer within 30 s.',
         'git.example.org refused the token of this repository.', 'Silent for longer than 180 s.',
         'KeyError: ''tool.poetry''' ])[1 + n %% 4] ELSE '' END,
       CASE WHEN state = 'failed' AND at < now() - interval '30 hours' THEN at + interval '1 hour' END
FROM (
  SELECT n, r.project_id AS scope, r.name AS subject, r.id AS repository,
         (ARRAY['projects.sync', 'projects.map', 'projects.sync', 'projects.history'])[1 + n %% 4] AS kind,
         CASE WHEN n %% 17 = 4 THEN 'failed' WHEN n %% 41 = 7 THEN 'cancelled' ELSE 'succeeded' END AS state,
         now() - (900 - n) * interval '47 min' - interval '9 min' AS at,
         make_interval(secs => 1 + abs(sin(n * 12.9898)) * 43) AS took
  FROM generate_series(1, 900) n
  JOIN LATERAL (SELECT * FROM repository ORDER BY hashint8(id * 31 + n) LIMIT 1) r ON true
) AS made ORDER BY n;

INSERT INTO job_attempt (job_id, number, fence, runner_id, started_at, ended_at, outcome, failure_class, message)
SELECT id, 1, 1, 7001 + id %% 8, started_at, finished_at, state, failure_class, failure_message
FROM job WHERE finished_at IS NOT NULL ORDER BY id;

INSERT INTO job_move (job_id, at, from_state, to_state, fence, actor, reason)
SELECT id, at, from_state, to_state, moved.fence, actor, '' FROM job, LATERAL (VALUES
  (created_at, '', 'queued', 0, created_by),
  (started_at, 'queued', 'running', 1, 'runner:' || (7001 + id %% 8)),
  (finished_at, 'running', state, 1, 'runner:' || (7001 + id %% 8))
) AS moved (at, from_state, to_state, fence, actor) WHERE finished_at IS NOT NULL ORDER BY id;

INSERT INTO job_queue_depth (queue, at, waiting, running, oldest_s)
SELECT name, at, greatest(0, round(6 * sin(extract(epoch FROM at) / 4000) + 5 * sin(extract(epoch FROM at) / 900))),
       round(2 + 2 * sin(extract(epoch FROM at) / 2600)), 3
FROM job_queue, generate_series(date_trunc('minute', now()) - interval '7 days', now(), interval '1 minute') at;

INSERT INTO job_event (name, version, payload, scope, subject, actor, hops, created_at)
SELECT name, 1, payload, scope, subject, 'user:' || %(ana)s, 0, at FROM (
  SELECT 'repository.registered' AS name, jsonb_build_object('repository', id, 'address', address) AS payload,
         project_id AS scope, name AS subject, created_at AS at FROM repository
  UNION ALL
  SELECT 'project.moved', jsonb_build_object('from', 'plan', 'to', 'build', 'reason', ''), id, name,
         now() - id %% 29 * interval '19 hours' FROM project WHERE stage IN ('build', 'verify', 'ship')
) AS told ORDER BY at;
