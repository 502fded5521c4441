DROP VIEW django_q_schedule;
DROP FUNCTION django_q_schedule_is_ours;
