-- What runs in the name of a runner; a walk along what is held.
SELECT id, fence FROM job WHERE runner_id = %(runner)s AND state = 'running'
