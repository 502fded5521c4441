-- The one private door: every change of state, whoever sends it, is checked against
-- job_legal_move and leaves its row in job_move (and in job_attempt when an attempt ends).
-- The only text of these functions: whoever changes one here runs this file again in a migration.

CREATE OR REPLACE FUNCTION job_actor(runner bigint) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT coalesce(nullif(current_setting('factory.actor', true), ''), 'runner:' || runner, 'database')
$$;

CREATE OR REPLACE FUNCTION job_born() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM new_rows n
             WHERE NOT EXISTS (SELECT FROM job_legal_move l WHERE l.from_state = '' AND l.to_state = n.state)) THEN
    RAISE EXCEPTION 'job: cannot begin as %', (SELECT string_agg(DISTINCT state, ', ') FROM new_rows)
      USING ERRCODE = 'check_violation', CONSTRAINT = 'job_move_is_legal';
  END IF;
  INSERT INTO job_move (job_id, at, from_state, to_state, fence, actor, reason)
    SELECT id, created_at, '', state, fence, coalesce(nullif(created_by, ''), 'database'), reason FROM new_rows;
  IF EXISTS (SELECT FROM new_rows WHERE state = 'queued') THEN
    PERFORM pg_notify('job_wake', '');
  END IF;
  RETURN NULL;
END $$;

-- Hash joins by force: the plans are made for the first statement, which often changes one row,
-- and kept for those that change hundreds.
CREATE OR REPLACE FUNCTION job_moved() RETURNS trigger LANGUAGE plpgsql
  SET enable_hashjoin = on SET enable_nestloop = off SET enable_mergejoin = off AS $$
DECLARE
  forbidden text;
  woken boolean;
  awaited_some boolean;
BEGIN
  WITH moved AS (
    SELECT n.id, n.state, n.attempt, n.fence, n.runner_id, n.updated_at, n.reason, n.failure_class,
           n.failure_message, n.limit_key, n.awaited, o.state AS old_state, o.attempt AS old_attempt,
           o.fence AS old_fence, o.runner_id AS old_runner, o.started_at AS old_started,
           l.from_state IS NULL OR n.verifies AND o.state = 'running' AND n.state = 'succeeded' AS illegal
    FROM old_rows o JOIN new_rows n USING (id)
    LEFT JOIN job_legal_move l ON l.from_state = o.state AND l.to_state = n.state
    WHERE o.state <> n.state
  ), attempted AS (
    INSERT INTO job_attempt (job_id, number, fence, runner_id, started_at, ended_at, outcome, failure_class, message)
    SELECT id, old_attempt, old_fence, old_runner, old_started, updated_at, state, failure_class, failure_message
    FROM moved
    WHERE old_state IN ('running', 'verifying') AND state NOT IN ('running', 'verifying')
      AND attempt = old_attempt AND NOT illegal
  ), written AS (
    INSERT INTO job_move (job_id, at, from_state, to_state, fence, actor, reason)
    SELECT id, updated_at, old_state, state, fence, job_actor(coalesce(runner_id, old_runner)),
           CASE WHEN state <> 'verifying' THEN reason ELSE '' END  -- what stands there is of a wish
    FROM moved
  )
  -- Woken: something may be claimed now.
  SELECT min('job ' || id || ': ' || old_state || ' cannot become ' || state) FILTER (WHERE illegal),
         bool_or(state = 'queued' OR limit_key <> ''), bool_or(awaited)
    INTO forbidden, woken, awaited_some FROM moved;
  IF forbidden IS NOT NULL THEN  -- takes back what was written of it
    RAISE EXCEPTION '%', forbidden USING ERRCODE = 'check_violation', CONSTRAINT = 'job_move_is_legal';
  END IF;
  IF awaited_some AND pg_trigger_depth() < 2 THEN  -- job_release itself follows what it cancels
    PERFORM job_follow(
      ARRAY(SELECT n.id FROM new_rows n JOIN old_rows o USING (id) WHERE n.awaited AND n.state <> o.state
            AND (n.state IN ('succeeded', 'failed', 'cancelled') OR o.state IN ('failed', 'cancelled'))),
      EXISTS (SELECT FROM new_rows WHERE awaited AND state <> 'succeeded'));
  END IF;
  IF woken THEN
    PERFORM pg_notify('job_wake', '');
  END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION job_removed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM old_rows WHERE state NOT IN ('succeeded', 'failed', 'cancelled')) THEN
    RAISE EXCEPTION 'job %: a live job cannot be deleted; cancel it first',
      (SELECT min(id) FROM old_rows WHERE state NOT IN ('succeeded', 'failed', 'cancelled'))
      USING ERRCODE = 'check_violation', CONSTRAINT = 'job_live_is_kept';
  END IF;
  DELETE FROM job_progress p USING old_rows o WHERE p.job_id = o.id;
  DELETE FROM job_log p USING old_rows o WHERE p.job_id = o.id;
  DELETE FROM job_attempt p USING old_rows o WHERE p.job_id = o.id;
  DELETE FROM job_move p USING old_rows o WHERE p.job_id = o.id;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION job_history_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '%: rows are never changed', TG_TABLE_NAME USING ERRCODE = 'check_violation';
END $$;

-- Moves and attempts are written and removed by the triggers of job alone, which stand one deeper.
CREATE OR REPLACE FUNCTION job_history_is_ours() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF pg_trigger_depth() < 2 THEN
    RAISE EXCEPTION '%: only the ledger writes and removes these rows', TG_TABLE_NAME
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;

-- What happened stays as it was told; retention, which says so, removes what nobody waits for any more.
CREATE OR REPLACE FUNCTION job_event_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('factory.retention', true) IS DISTINCT FROM 'on' THEN
    RAISE EXCEPTION '%: only retention removes rows', TG_TABLE_NAME USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;

-- TRUNCATE passes all row and delete triggers: only a clean slate, which says so, may use it.
CREATE OR REPLACE FUNCTION job_not_truncated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('factory.clean_slate', true) IS DISTINCT FROM 'on' THEN
    RAISE EXCEPTION '%: cannot be truncated; use manage.py reset_demo', TG_TABLE_NAME
      USING ERRCODE = 'check_violation', CONSTRAINT = 'job_live_is_kept';
  END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER job_born AFTER INSERT ON job
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION job_born();
CREATE OR REPLACE TRIGGER job_moved AFTER UPDATE ON job
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION job_moved();
-- The triggers above know a row by its id.
CREATE OR REPLACE TRIGGER job_id_is_final BEFORE UPDATE OF id ON job
  FOR EACH STATEMENT EXECUTE FUNCTION job_history_is_final();
CREATE OR REPLACE TRIGGER job_removed AFTER DELETE ON job
  REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION job_removed();
CREATE OR REPLACE TRIGGER job_not_truncated BEFORE TRUNCATE ON job
  FOR EACH STATEMENT EXECUTE FUNCTION job_not_truncated();
CREATE OR REPLACE TRIGGER job_move_not_truncated BEFORE TRUNCATE ON job_move
  FOR EACH STATEMENT EXECUTE FUNCTION job_not_truncated();
CREATE OR REPLACE TRIGGER job_attempt_not_truncated BEFORE TRUNCATE ON job_attempt
  FOR EACH STATEMENT EXECUTE FUNCTION job_not_truncated();
CREATE OR REPLACE TRIGGER job_event_not_truncated BEFORE TRUNCATE ON job_event
  FOR EACH STATEMENT EXECUTE FUNCTION job_not_truncated();
CREATE OR REPLACE TRIGGER job_move_is_final BEFORE UPDATE ON job_move
  FOR EACH STATEMENT EXECUTE FUNCTION job_history_is_final();
CREATE OR REPLACE TRIGGER job_attempt_is_final BEFORE UPDATE ON job_attempt
  FOR EACH STATEMENT EXECUTE FUNCTION job_history_is_final();
CREATE OR REPLACE TRIGGER job_move_is_ours BEFORE INSERT OR DELETE ON job_move
  FOR EACH STATEMENT EXECUTE FUNCTION job_history_is_ours();
CREATE OR REPLACE TRIGGER job_attempt_is_ours BEFORE INSERT OR DELETE ON job_attempt
  FOR EACH STATEMENT EXECUTE FUNCTION job_history_is_ours();
CREATE OR REPLACE TRIGGER job_event_is_final BEFORE UPDATE ON job_event
  FOR EACH STATEMENT EXECUTE FUNCTION job_history_is_final();
CREATE OR REPLACE TRIGGER job_event_is_kept BEFORE DELETE ON job_event
  FOR EACH STATEMENT EXECUTE FUNCTION job_event_is_kept();

ALTER TABLE job SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
ALTER TABLE job_runner SET (fillfactor = 50);
ALTER TABLE job_progress SET (fillfactor = 50);
