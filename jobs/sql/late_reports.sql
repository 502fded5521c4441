-- Late reports go with their jobs, and stay as they were written.
CREATE FUNCTION job_reports_removed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM job_late_report r USING old_rows o WHERE r.job_id = o.id;
  RETURN NULL;
END $$;

CREATE TRIGGER job_reports_removed AFTER DELETE ON job
  REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION job_reports_removed();
CREATE TRIGGER job_late_report_is_final BEFORE UPDATE ON job_late_report
  FOR EACH STATEMENT EXECUTE FUNCTION job_history_is_final();
