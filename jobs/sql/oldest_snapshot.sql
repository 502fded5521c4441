-- Whoever keeps dead rows from being removed, the oldest first: sessions with a snapshot, prepared
-- transactions, replication. Rows that died after it was taken stay.
SELECT 'session ' || pid || coalesce(' (' || nullif(application_name, '') || ', ' || state || ')', ''),
       extract(epoch FROM clock_timestamp() - coalesce(xact_start, backend_start))::float8,
       greatest(age(backend_xmin), age(backend_xid))
FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
  AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL)
UNION ALL
SELECT 'prepared transaction ' || gid, extract(epoch FROM clock_timestamp() - prepared)::float8, age(transaction)
FROM pg_prepared_xacts WHERE database = current_database()
UNION ALL
SELECT 'replication slot ' || slot_name, NULL, greatest(age(xmin), age(catalog_xmin))
FROM pg_replication_slots WHERE xmin IS NOT NULL OR catalog_xmin IS NOT NULL
ORDER BY 3 DESC NULLS LAST
