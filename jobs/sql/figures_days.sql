-- How many removed jobs ended on each day, and how, of the days of which no sums are kept.
SELECT day, state, sum(count)::bigint FROM job_day
WHERE day >= (%(since)s AT TIME ZONE 'UTC')::date AND day <= (%(until)s AT TIME ZONE 'UTC')::date
  AND (%(summed)s::timestamptz IS NULL OR day < (%(summed)s AT TIME ZONE 'UTC')::date)
  AND (%(scopes)s::bigint[] IS NULL OR scope = ANY (%(scopes)s::bigint[]))
  AND (%(kind)s = '' OR kind = %(kind)s)
GROUP BY 1, 2
