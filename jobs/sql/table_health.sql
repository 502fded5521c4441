-- Each of these tables: bytes with its indexes, rows that live and that are dead, and how many
-- rows changed since it was last analyzed.
SELECT s.relname, pg_total_relation_size(s.relid), s.n_live_tup, s.n_dead_tup,
       s.n_mod_since_analyze
FROM pg_stat_user_tables s
WHERE s.schemaname = 'public' AND s.relname = ANY (%(tables)s)
ORDER BY 2 DESC
