-- Each job that delivers an event is the delivery of that event.
SELECT 'job ' || j.id, 'delivers event ' || j.event_id, 'no delivery names it', j.created_at
FROM job j
WHERE j.id = ANY (%(ids)s) AND j.event_id > 0
  AND NOT EXISTS (SELECT FROM job_delivery d WHERE d.event_id = j.event_id AND d.kind = j.kind)
