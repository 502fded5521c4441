-- Counts of seconds by bounds, and their sums: daily counts that outlive the jobs they count.

-- How many lie below the first bound, between each two, and at or above the last.
CREATE OR REPLACE FUNCTION job_histogram(seconds float8[], bounds float8[]) RETURNS int[]
LANGUAGE sql IMMUTABLE AS $$
  SELECT array_agg(n ORDER BY bucket) FROM (
    SELECT bucket, count(s)::int AS n
    FROM generate_series(0, cardinality(bounds)) bucket
    LEFT JOIN unnest(seconds) s ON width_bucket(s, bounds) = bucket
    GROUP BY bucket
  ) counted
$$;

CREATE OR REPLACE FUNCTION job_histogram_sum(one int[], other int[]) RETURNS int[]
LANGUAGE sql IMMUTABLE AS $$
  SELECT array_agg(a + b ORDER BY place) FROM unnest(one, other) WITH ORDINALITY u (a, b, place)
$$;
