-- What is asked of the jobs a runner holds; a walk along the few of which anything is.
SELECT id, fence, intent, intent_by FROM job WHERE runner_id = %(runner)s AND intent <> ''
