DROP TRIGGER job_born ON job;
DROP TRIGGER job_moved ON job;
DROP TRIGGER job_id_is_final ON job;
DROP TRIGGER job_removed ON job;
DROP TRIGGER job_move_is_final ON job_move;
DROP TRIGGER job_attempt_is_final ON job_attempt;
DROP TRIGGER job_event_is_final ON job_event;
DROP FUNCTION job_born, job_moved, job_removed, job_history_is_final, job_actor;
