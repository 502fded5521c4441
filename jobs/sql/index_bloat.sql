-- Each index of these tables: its bytes, and about how many its entries need. An entry takes its
-- columns, 8 bytes before them and 4 to point at it; a page of an index is filled to nine tenths.
SELECT c.relname, t.relname, pg_relation_size(c.oid),
       (16384 + greatest(c.reltuples, 0) * (12 + 8 * ceil(k.width / 8.0)) / 0.9)::bigint,
       i.indisvalid
FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_class t ON t.oid = i.indrelid
JOIN pg_am a ON a.oid = c.relam AND a.amname = 'btree'
CROSS JOIN LATERAL (
  SELECT sum(coalesce(s.avg_width, 8)) AS width
  FROM unnest(i.indkey) key
  LEFT JOIN pg_attribute b ON b.attrelid = t.oid AND b.attnum = key
  LEFT JOIN pg_stats s ON s.schemaname = 'public' AND s.tablename = t.relname AND s.attname = b.attname
) k
WHERE t.relnamespace = 'public'::regnamespace AND t.relname = ANY (%(tables)s)
ORDER BY 3 DESC
