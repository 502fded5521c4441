DROP FUNCTION job_histogram, job_histogram_sum;
