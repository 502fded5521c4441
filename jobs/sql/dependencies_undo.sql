DROP TRIGGER job_ties_removed ON job;
DROP FUNCTION job_depend, job_follow, job_release, job_children, job_must_wait, job_ties_removed;
