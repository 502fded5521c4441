-- The sessions of this runner whose connection was lost while the server still worked for them: what
-- they would do yet, nobody would hear of. They are ours, so we may end them; waited for, a second at most.
SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity
WHERE application_name = %(name)s AND datname = current_database() AND usename = current_user
  AND pid <> pg_backend_pid()
