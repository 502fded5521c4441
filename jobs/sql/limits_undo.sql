DROP FUNCTION job_admit, job_full_keys, job_tokens;
