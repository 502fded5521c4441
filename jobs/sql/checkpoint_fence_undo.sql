DROP TRIGGER job_checkpoint_is_mine ON job_progress;
DROP FUNCTION job_checkpoint_is_mine;
