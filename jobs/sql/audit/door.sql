-- The private door stands: every trigger is enabled, every constraint holds for all rows.
SELECT 'trigger ' || t.tgname, 'guards ' || t.tgrelid::regclass, 'it is disabled', NULL::timestamptz
FROM pg_trigger t WHERE NOT t.tgisinternal AND t.tgname ~ '^job_' AND t.tgenabled <> 'O'
UNION ALL
SELECT 'constraint ' || c.conname, 'holds for ' || c.conrelid::regclass, 'it was never validated', NULL
FROM pg_constraint c WHERE c.conrelid = 'job'::regclass AND NOT c.convalidated
UNION ALL
SELECT 'trigger ' || w.name, 'guards the ledger', 'it does not exist', NULL
FROM unnest(%(triggers)s::text[]) AS w (name)
WHERE NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgname = w.name AND NOT t.tgisinternal)
UNION ALL
SELECT 'the table of legal moves', m.from_state || ' to ' || m.to_state, 'the code knows no such move', NULL
FROM job_legal_move m
WHERE m.from_state <> '' AND NOT EXISTS (
  SELECT FROM unnest(%(olds)s::text[], %(news)s::text[]) AS l (old, new) WHERE l.old = m.from_state AND l.new = m.to_state)
