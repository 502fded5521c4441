-- Jobs that wait for others. The rows of children are locked before they are judged, in the order
-- of their ids; whoever comes second to a lock sees what the first one wrote.
-- The only text of these functions: whoever changes one here runs this file again in a migration.

-- Whether something a job depends on is not done, or did not succeed and may not be ignored.
CREATE OR REPLACE FUNCTION job_must_wait(of_child bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (
    SELECT FROM job_dependency d JOIN job p ON p.id = d.parent_id
    WHERE d.child_id = of_child AND p.state <> 'succeeded'
      AND NOT (p.state IN ('failed', 'cancelled') AND d.policy = 'ignore'))
$$;

-- The children of jobs, at most so many: an end takes little time, however many wait for it. Upkeep
-- judges the others, a thousand a tick, in the order in which they are noted here.
CREATE OR REPLACE FUNCTION job_children(parents bigint[], most bigint) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
  found bigint[] := ARRAY(SELECT DISTINCT child_id FROM job_dependency WHERE parent_id = ANY (parents) ORDER BY child_id);
BEGIN
  INSERT INTO job_unjudged (child_id) SELECT unnest(found[greatest(most, 0) + 1:]);
  RETURN found[:most];
END $$;

-- Judges blocked jobs by their parents: goes on, waits, or is cancelled; and so on with the children
-- of what is cancelled, in a loop, however long the chain, but for a thousand of them. Unless all is judged, the jobs are left
-- alone of which the youngest parent is not done: parents end about in the order of their ids.
CREATE OR REPLACE FUNCTION job_release(children bigint[], all_judged boolean) RETURNS bigint
LANGUAGE plpgsql SET enable_seqscan = off SET enable_mergejoin = off SET enable_hashjoin = off
SET enable_nestloop = on AS $$
DECLARE
  moved bigint := 0;
  room bigint := 1000;
  these bigint;
  ended bigint[];
BEGIN
  WHILE cardinality(children) > 0 LOOP
    -- Also those that a person or the clock may just now let wait again, by what they saw before an end.
    PERFORM FROM job WHERE id = ANY (children) AND state IN ('blocked', 'paused', 'failed', 'cancelled')
      ORDER BY id FOR NO KEY UPDATE;
    WITH child AS (
      SELECT c.id, (
        SELECT p.id FROM job_dependency d JOIN job p ON p.id = d.parent_id
        WHERE d.child_id = c.id AND p.state NOT IN ('succeeded', 'failed', 'cancelled')
        ORDER BY d.parent_id DESC LIMIT 1) AS open
      FROM unnest(children) c (id)
    ), lost AS (
      SELECT c.id, min(p.id) FILTER (WHERE d.policy = 'cancel') AS doom,
             min(p.id) FILTER (WHERE d.policy = 'hold') AS hold
      FROM child c JOIN job_dependency d ON d.child_id = c.id JOIN job p ON p.id = d.parent_id
      WHERE (all_judged OR c.open IS NULL) AND p.state IN ('failed', 'cancelled')
      GROUP BY c.id
    ), judged AS (
      SELECT c.id, CASE WHEN l.doom IS NOT NULL THEN 'cancelled'
                        WHEN c.open IS NOT NULL OR l.hold IS NOT NULL THEN 'blocked'
                        WHEN j.run_after > clock_timestamp() THEN 'scheduled' ELSE 'queued' END AS state,
             CASE WHEN l.doom IS NOT NULL THEN 'Cancelled: it depends on #' || l.doom || ', which did not succeed.'
                  WHEN l.hold IS NOT NULL THEN 'Held: it depends on #' || l.hold || ', which did not succeed.'
                  WHEN c.open IS NOT NULL THEN 'It waits for what it depends on.'
                  ELSE 'What it depends on is done.' END AS reason
      FROM child c JOIN job j ON j.id = c.id LEFT JOIN lost l ON l.id = c.id
      WHERE j.state = 'blocked'
    ), written AS (
      UPDATE job SET state = u.state, reason = u.reason, updated_at = clock_timestamp(),
        finished_at = CASE WHEN u.state = 'cancelled' THEN clock_timestamp() END
      FROM judged u
      WHERE job.id = u.id AND job.state = 'blocked' AND (u.state <> 'blocked' OR u.reason <> job.reason)
      RETURNING job.id, job.state, job.awaited
    )
    SELECT count(*) FILTER (WHERE state <> 'blocked'), array_agg(id) FILTER (WHERE awaited AND state = 'cancelled')
      INTO these, ended FROM written;
    moved := moved + these;
    all_judged := true;
    room := room - cardinality(children);
    children := job_children(ended, room);
  END LOOP;
  RETURN moved;
END $$;

-- Judges the jobs that wait for others, of which some ended or began anew.
CREATE OR REPLACE FUNCTION job_follow(parents bigint[], all_judged boolean) RETURNS void
LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
  PERFORM job_release(job_children(parents, 1000), all_judged);
END $$;

-- Makes jobs wait for others: gives those of the others that do not exist, and then did nothing.
-- Locking the parents keeps their ends from passing by unseen.
CREATE OR REPLACE FUNCTION job_depend(children bigint[], parents bigint[], of_policy text) RETURNS bigint[]
LANGUAGE plpgsql AS $$
DECLARE
  missing bigint[];
BEGIN
  PERFORM FROM job WHERE id = ANY (parents) AND state <> 'succeeded' ORDER BY id FOR NO KEY UPDATE;
  missing := ARRAY(SELECT p FROM unnest(parents) p WHERE NOT EXISTS (SELECT FROM job WHERE id = p) ORDER BY p);
  IF cardinality(missing) = 0 THEN
    UPDATE job SET awaited = true WHERE id = ANY (parents) AND state <> 'succeeded' AND NOT awaited;
    INSERT INTO job_dependency (child_id, parent_id, policy)
      SELECT c, p, of_policy FROM unnest(children) c CROSS JOIN (SELECT DISTINCT unnest(parents)) x (p)
      ON CONFLICT (child_id, parent_id) DO UPDATE SET policy = excluded.policy;
    PERFORM job_release(children, true);
  END IF;
  RETURN missing;
END $$;

-- A finished job takes its ties along, but not while another waits because it did not succeed.
CREATE OR REPLACE FUNCTION job_ties_removed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  tie record;
BEGIN
  IF EXISTS (SELECT FROM old_rows WHERE awaited) THEN
    SELECT d.parent_id, d.child_id INTO tie
      FROM old_rows o JOIN job_dependency d ON d.parent_id = o.id JOIN job c ON c.id = d.child_id
      WHERE c.state NOT IN ('succeeded', 'failed', 'cancelled') AND o.state <> 'succeeded' LIMIT 1;
    IF FOUND THEN
      RAISE EXCEPTION 'job %: job % depends on it and is not done; cancel that first', tie.parent_id, tie.child_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'job_awaited_is_kept';
    END IF;
    DELETE FROM job_dependency d USING old_rows o WHERE d.parent_id = o.id;
  END IF;
  DELETE FROM job_dependency d USING old_rows o WHERE d.child_id = o.id;
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER job_ties_removed AFTER DELETE ON job
  REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION job_ties_removed();
