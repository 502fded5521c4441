-- Of each child: a parent it waits for, held ones last, and how many there are.
SELECT child_id, parent_id, state, policy, many FROM (
  SELECT d.child_id, p.id AS parent_id, p.state, d.policy, count(*) OVER w AS many, row_number() OVER w AS place
  FROM job_dependency d JOIN job p ON p.id = d.parent_id
  WHERE d.child_id = ANY (%(children)s) AND p.state <> 'succeeded'
    AND NOT (p.state IN ('failed', 'cancelled') AND d.policy = 'ignore')
  WINDOW w AS (PARTITION BY d.child_id ORDER BY p.state IN ('failed', 'cancelled'), p.id
               ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
) x WHERE place = 1
