-- A checkpoint stands with the transaction it was made in, so that transaction is held to the fence when
-- it commits: a job that became another's meanwhile takes back what was written in its name. Only for that
-- moment is the job's row locked; a lock from the checkpoint on would hold up who cancels it.
CREATE FUNCTION job_checkpoint_is_mine() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM job WHERE id = NEW.job_id AND fence = NEW.checkpoint_fence AND state IN ('running', 'verifying')
    FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'job %: another runner holds it now; what came with its checkpoint is taken back', NEW.job_id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'job_checkpoint_is_mine';
  END IF;
  RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER job_checkpoint_is_mine AFTER INSERT OR UPDATE OF checkpoint ON job_progress
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.checkpoint_fence IS NOT NULL)
  EXECUTE FUNCTION job_checkpoint_is_mine();
