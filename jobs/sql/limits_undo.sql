DROP FUNCTION IF EXISTS job_admit(text, text);
DROP FUNCTION job_heads, job_admit(text, text, bigint), job_full_keys, job_tokens;
