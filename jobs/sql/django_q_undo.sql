DROP VIEW django_q_task;
DROP FUNCTION django_q_task_is_read;
DROP FUNCTION django_q_pickled;
