-- Artefacts go with their job, as its history does.
CREATE OR REPLACE FUNCTION job_artefacts_removed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM job_artefact a USING old_rows o WHERE a.job_id = o.id;
  RETURN NULL;
END $$;

CREATE TRIGGER job_artefacts_removed AFTER DELETE ON job
  REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION job_artefacts_removed();
